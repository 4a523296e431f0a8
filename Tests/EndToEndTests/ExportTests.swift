import Foundation
import SpinDomain
import Testing

/// What TensorBoard's and MLflow's own packages read in an exported job.
@Suite(.timeLimit(.minutes(5)))
struct ExportTests {
    private static let isOpened = Python.has("tensorboard, mlflow, numpy")

    @Test(.enabled(if: isOpened, "no Python with tensorboard and mlflow (SPIND_PYTHON names one)"))
    func tensorBoardAndMLflowReadWhatTheServerTells() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let validating = Game.configuration.replacingOccurrences(
            of: "save_interval: 4", with: "save_interval: 4, val_check_interval: 2")
        let job = try game.submit(validating + "\nlabels: {team: blue}", to: server)
        _ = try game.wait(for: ["succeeded"], of: job, on: server)

        // Beside the server that has the folder.
        let folder = try TemporaryFolder()
        let arguments = [
            "export", job, "--data-dir", game.dataFolder.path, "--tensorboard",
            folder.path + "/logs", "--mlflow", folder.path + "/mlruns",
        ]
        let exported = try Program.run(arguments)
        #expect(exported.status == 0, "\(exported.errors)")
        #expect(exported.output.contains("/logs/\(job)\n"))
        let again = try Program.run(arguments)
        #expect(again.status != 0 && again.errors.contains("/logs/\(job) exists already"))

        for (name, path) in [
            ("job.json", ""), ("metrics.csv", "/metrics?format=csv&limit=10000"),
            ("iterations.json", "/iterations"), ("validations.json", "/validations"),
        ] {
            let answer = try server.request("GET", "/v1/jobs/\(job)" + path)
            #expect(answer.status == 200, "\(answer.text)")
            try answer.body.write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        #expect(try Python.run("check_export.py", [folder.path]) == "ok\n")
    }

    @Test func whatCannotBeExportedIsSaid() throws {
        let folder = try TemporaryFolder()
        let server = try Server(dataFolder: folder.path + "/data")
        func errors(_ arguments: String...) throws -> String {
            let result = try Program.run(["export"] + arguments)
            #expect(result.status != 0)
            return result.errors
        }
        let logs = folder.path + "/logs"
        #expect(try errors("job_x").contains("--to for a checkpoint"))
        #expect(try errors("job_x", "--to", "x", "--mlflow", "y").contains("--to for a checkpoint"))
        #expect(try errors("job_x", "--tensorboard", logs).contains("--data-dir"))
        let unknown = try errors(
            "job_x", "--tensorboard", logs, "--data-dir", folder.path + "/data")
        #expect(unknown.contains("no job named 'job_x'") && unknown.contains("holds no job"))
        let nowhere = try errors("job_x", "--tensorboard", logs, "--data-dir", folder.path)
        #expect(nowhere.contains("holds no spind.sqlite"))
        #expect(!FileManager.default.fileExists(atPath: logs))
        #expect(server.stop() == 0)
    }
}
