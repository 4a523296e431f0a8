import Foundation
import SpinDomain
import Testing

/// `spind doctor` on folders and ports of all kinds.
struct DoctorTests {
    private func verdicts(
        _ arguments: [String], status: Int32
    ) throws -> [String: (verdict: String, text: String)] {
        let result = try Program.run(["doctor", "--json"] + arguments)
        #expect(result.status == status, "\(result.output)\(result.errors)")
        let findings = try JSONParser.parse(result.output.utf8)["findings"]?.array ?? []
        return Dictionary(
            uniqueKeysWithValues: findings.map { finding in
                let texts = [finding["detail"]?.string, finding["hint"]?.string]
                return (
                    finding["name"]?.string ?? "?",
                    (
                        finding["verdict"]?.string ?? "?",
                        texts.compactMap(\.self).joined(separator: "; ")
                    )
                )
            })
    }

    @Test func aFolderThatIsToBeMadeIsFineAndStaysAway() throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/new/data"
        let found = try verdicts(["--data-dir", data, "--port", "0"], status: 0)
        for name in ["settings", "data folder", "disk", "in use", "port"] {
            #expect(found[name]?.verdict == "ok", "\(name): \(found[name]?.text ?? "missing")")
        }
        for name in ["kernel", "cores", "memory", "files"] { #expect(found[name] != nil) }
        #expect(found["models"] == nil)
        let libraries = try #require(found["libraries"]?.text)
        // What the program cannot be without says its version.
        for name in ["SQLite", "libmicrohttpd", "GnuTLS", "PCRE2"] {
            #expect(libraries.contains(try Regex("\(name) [0-9]+\\.[0-9]+")), "\(libraries)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/new"))
    }

    @Test func aRunningServerIsNamed() throws {
        let folder = try TemporaryFolder()
        let server = try Server(dataFolder: folder.path)
        let port = try #require(server.url.split(separator: ":").last)
        let found = try verdicts(["--data-dir", folder.path, "--port", "\(port)"], status: 0)
        #expect(found["in use"]?.text.contains("process id") == true)
        #expect(found["port"]?.text.contains("a server answers") == true)
        #expect(server.stop() == 0)
    }

    @Test func theLargestModelIsHeldAgainstTheMemory() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server, rows: 4)
        let found = try verdicts(
            ["--data-dir", game.dataFolder.path, "--port", "0"], status: 0)
        #expect(found["models"]?.verdict == "ok")
        #expect(found["models"]?.text.contains("the largest, tiny, takes") == true)
        #expect(server.stop() == 0)
    }

    @Test func whatKeepsAServerFromWorkingIsAFailureWithAHint() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        let under = try verdicts(["--data-dir", file + "/data", "--port", "0"], status: 1)
        #expect(under["data folder"]?.verdict == "failure")
        #expect(under["data folder"]?.text.contains("--data-dir") == true)

        let reserve = ["--disk-reserve", "\(1 << 30)"]
        let full = try verdicts(["--data-dir", folder.path, "--port", "0"] + reserve, status: 1)
        #expect(full["disk"]?.verdict == "failure")

        let bad = try verdicts(["--data-dir", folder.path, "--port", "many"], status: 1)
        #expect(bad["settings"]?.verdict == "failure")
        #expect(bad["settings"]?.text.contains("port") == true)
    }

    @Test func aPortOfSomethingElseIsAFailure() throws {
        let folder = try TemporaryFolder()
        let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(other) }
        // Port 0: a free one, which is not answered as a server does.
        #expect(listen(other, 1) == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(getsockname(other, $0, &length) == 0)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let found = try verdicts(["--data-dir", folder.path, "--port", "\(port)"], status: 1)
        #expect(found["port"]?.verdict == "failure")
        #expect(found["port"]?.text.contains("bind") == true)
    }

    @Test func peopleGetALineForEachThing() throws {
        let folder = try TemporaryFolder()
        let result = try Program.run(["doctor", "--data-dir", folder.path, "--port", "0"])
        let lines = result.output.split(separator: "\n")
        let name = URL(fileURLWithPath: folder.path).lastPathComponent
        #expect(lines.contains { $0.hasPrefix("ok       data folder /") && $0.hasSuffix(name) })
    }
}
