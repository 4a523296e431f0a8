import Foundation
import Testing

/// What commands say when they cannot do what they are told.
@Suite(.timeLimit(.minutes(2)))
struct CommandRefusalTests {
    @Test func everyRefusalHasItsExitStatusAndAHint() throws {
        let game = try NanoGame()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server.wire)
        let spind = Commands(server.url)
        _ = try spind.submit("only", isManual: true)

        let bad = try spind.run(
            "submit", "-", "--set", "optim.lr=fast",
            input: #"{"model": "nono", "dataset": "rows", "seeed": 1}"#)
        #expect(bad.status == 1 && bad.output.isEmpty)
        for part in ["/optim/lr", "/seeed", "did you mean 'seed'"] {
            #expect(bad.errors.contains(part), "\(bad.errors)")
        }
        let unknown = try spind.run("show", "onyl")
        #expect(unknown.status == 66 && unknown.errors.contains("did you mean 'only'"))
        let file = try spind.run("submit", game.dataFolder.path + "/nothing.yaml")
        #expect(file.status == 1 && file.errors.contains("nothing.yaml"))
        let checkpoint = try spind.run("pull", "ckpt_x_1", game.dataFolder.path + "/out")
        #expect(checkpoint.status == 66)
        #expect(try spind.run("pull", "only", game.dataFolder.path + "/out").status == 66)
        #expect(try spind.run("watch").errors.contains("no job is running"))
        #expect(try spind.run("list", "--status", "runing").errors.contains("running"))
        #expect(try spind.run("metrics", "only", "--names", "los").errors.contains("'loss'"))
        for wrong in [
            ["list", "--limit", "0"], ["step", "only", "--steps", "1", "--iterations", "1"],
            ["metrics", "only", "--limit", "3"], ["submit"], ["list", "--nothing"],
        ] {
            #expect(try Program.run(wrong).status == 64, "\(wrong)")
        }
        #expect(try spind.require("list", "--quiet").split(separator: "\n").count == 1)
        #expect(server.isRunning)
    }

    @Test func aServerThatIsNotThereIsNamed() throws {
        let lost = try Commands("http://127.0.0.1:1").run("list")
        #expect(lost.status == 69 && lost.errors.contains("http://127.0.0.1:1"))
        #expect(lost.errors.contains("spind serve"))
        #expect(
            try Program.run(["list", "--server", "ftp://x"]).errors.contains("http://HOST:PORT"))
    }

    @Test func aServerWithKeysWantsOne() throws {
        let folder = try TemporaryFolder()
        let secret = String(repeating: "5eCret", count: 8)
        let server = try Server(
            dataFolder: folder.path, environment: ["SPIND_ADMIN_KEY": secret])
        let bare = try Commands(server.url).run("list")
        #expect(bare.status == 77 && bare.errors.contains("--key-file"))
        let wrong = try Commands(server.url, environment: ["SPIND_KEY": "no"]).run("list")
        #expect(wrong.status == 77 && !wrong.errors.contains("no\n"))
        let file = folder.path + "/key"
        try Data((secret + "\n").utf8).write(to: URL(fileURLWithPath: file))
        #expect(try Commands(server.url).run("list", "--key-file", file).status == 0)
        for variables in [["SPIND_KEY": secret], ["SPIND_KEY_FILE": file]] {
            #expect(try Commands(server.url, environment: variables).run("list").status == 0)
        }
        #expect(try Commands(server.url).run("list", "--key-file", file + "x").status == 1)
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"),
            "needs /usr/bin/openssl"))
    func aCertificateIsTrustedOnlyWhenSaidSo() throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.path + "/certificate.pem", folder.path + "/key.pem")
        let made = try Program.run(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ], program: URL(fileURLWithPath: "/usr/bin/openssl"))
        #expect(made.status == 0)
        let server = try Server(
            dataFolder: folder.path + "/data",
            arguments: ["--tls-certificate", certificate, "--tls-key", key])
        let spind = Commands(server.url)
        let refused = try spind.run("list")
        #expect(refused.status == 1 && refused.errors.contains("--ca-file"))
        #expect(try spind.require("list", "--ca-file", certificate) == "no jobs\n")
        #expect(try spind.require("list", "--insecure") == "no jobs\n")
        let plain = try Commands("http" + server.url.dropFirst("https".count)).run("list")
        #expect(plain.status != 0)
    }
}
