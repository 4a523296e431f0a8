import Foundation
import SpinDomain
import Testing

/// The real program as its operator meets it.
@Suite(.timeLimit(.minutes(2)))
struct OperationTests {
    @Test func settingsShowWhereTheyComeFrom() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/spind.yaml"
        try Data("port: 1\nhost: 127.0.0.2\nallow_host: [a, b]\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        let secret = String(repeating: "k", count: 40)
        let shown = try Program.run(
            ["config", "--config", file, "--data-dir", "d"],
            environment: ["SPIND_PORT": "2", "SPIND_ADMIN_KEY": secret])
        #expect(shown.status == 0, "\(shown.errors)")
        let lines = shown.output.split(separator: "\n")
        for line in [
            #"data_dir: "d"  # --data-dir"#, "port: 2  # SPIND_PORT",
            #"host: "127.0.0.2"  # \#(file)"#, #"allow_host: ["a", "b"]  # \#(file)"#,
            "stop_seconds: 8  # default", "# admin_key: (hidden)  # SPIND_ADMIN_KEY",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        #expect(!shown.output.contains(secret))
        // What it prints is a configuration file again.
        try Data(shown.output.utf8).write(to: URL(fileURLWithPath: file))
        #expect(try Program.run(["config", "--config", file]).output.contains("port: 2"))
    }

    @Test func whatIsSetWronglyIsNamedBeforeAnythingStarts() throws {
        let folder = try TemporaryFolder()
        let wrong = try Program.run(
            ["serve", "--data-dir", folder.path + "/data", "--port", "many"],
            environment: ["SPIND_ALOW_HOST": "x"])
        #expect(wrong.status != 0)
        #expect(wrong.errors.contains("--port") && wrong.errors.contains("SPIND_ALLOW_HOST"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
        #expect(try Program.run(["serve"]).errors.contains("--data-dir"))
    }

    @Test func healthIsAnExitStatus() throws {
        let folder = try TemporaryFolder()
        let server = try Server(dataFolder: folder.path)
        #expect(try Program.run(["healthcheck", "--url", server.url]).status == 0)
        let lost = try Program.run(["healthcheck", "--url", server.url + "/nowhere"])
        #expect(lost.status == 1 && lost.errors.contains("404"))
        // Without an address, where spind serve would listen.
        let port = try #require(server.url.split(separator: ":").last.map(String.init))
        let file = folder.path + "/spind.yaml"
        try Data("port: \(port)\n".utf8).write(to: URL(fileURLWithPath: file))
        func check(_ arguments: String..., variables: [String: String] = [:]) throws -> Int32 {
            try Program.run(["healthcheck"] + arguments, environment: variables).status
        }
        #expect(try check(variables: ["SPIND_PORT": port, "SPIND_HOST": "0.0.0.0"]) == 0)
        #expect(try check("--config", file) == 0)
        #expect(try check(variables: ["SPIND_CONFIG": file]) == 0)
        #expect(try check("--port", "1", variables: ["SPIND_CONFIG": file]) == 1)
        #expect(try check("--port", "0") == 1)
        server.kill()
        #expect(try Program.run(["healthcheck", "--url", server.url]).status == 1)
        #expect(try check("--config", file) == 1)
    }

    @Test func theImageIsLabelledWithTheProgramsVersion() throws {
        let dockerfile = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Dockerfile")
        let version = try Program.run(["--version"]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(
            try String(contentsOf: dockerfile, encoding: .utf8)
                .contains("org.opencontainers.image.version=\"\(version)\""))
    }

    @Test func aStopIsAnnouncedAndEndsInTimeThoughStreamsAreOpen() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let job = try game.submit(to: server)
        let folder = try TemporaryFolder()
        let stream = Process()
        stream.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        stream.arguments = [
            "-sN", "--max-time", "60", "-H", "Accept: text/event-stream",
            server.url + "/v1/jobs/\(job)/events",
        ]
        stream.standardOutput = try folder.file("events")
        try stream.run()
        _ = try Deadline(seconds: 60).wait(for: "the first event") {
            try folder.text("events").contains("event: job.started") ? true : nil
        }
        server.send(signal: SIGTERM)
        let started = Date()
        _ = try Deadline(seconds: 8).wait(for: "the server to be no longer ready") {
            try server.request("GET", "/readyz").status != 200 ? true : nil
        }
        #expect(server.waitForExit() == 0)
        // Docker waits for ten seconds.
        #expect(Date().timeIntervalSince(started) < 9)
        stream.waitUntilExit()
        #expect(stream.terminationStatus == 0, "the stream ends as it should, not cut off")
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"),
            "needs /usr/bin/openssl"))
    func aCertificateIsReadAgainOnHangUp() throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.path + "/certificate.pem", folder.path + "/key.pem")
        func makeCertificate() throws -> String {
            let made = try Program.run(
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out",
                    certificate,
                ], program: URL(fileURLWithPath: "/usr/bin/openssl"))
            #expect(made.status == 0)
            return try folder.text("certificate.pem")
        }
        let files = ["--tls-certificate", certificate, "--tls-key", key]
        let first = try makeCertificate()
        let server = try Server(dataFolder: folder.path + "/data", arguments: files)
        #expect(server.url.hasPrefix("https://"))
        #expect(try server.request("GET", "/readyz").status == 200)
        let port = try #require(server.url.split(separator: ":").last.map(String.init))
        #expect(try Program.run(["healthcheck", "--port", port] + files).status == 0)
        let second = try makeCertificate()
        #expect(first != second)
        server.send(signal: SIGHUP)
        _ = try Deadline(seconds: 20).wait(for: "the new certificate") {
            server.log.contains("the certificate as it is now") ? true : nil
        }
        #expect(try server.request("GET", "/readyz").status == 200)
        // A file that cannot be used changes nothing.
        try Data("junk".utf8).write(to: URL(fileURLWithPath: certificate))
        server.send(signal: SIGHUP)
        _ = try Deadline(seconds: 20).wait(for: "the complaint") {
            server.log.contains("stays as it was") ? true : nil
        }
        #expect(try server.request("GET", "/readyz").status == 200)
        #expect(server.stop() == 0)
        let refused = try Program.run(
            ["serve", "--data-dir", folder.path + "/data", "--port", "0"] + files)
        #expect(refused.status != 0 && refused.errors.contains(certificate))
    }
}
