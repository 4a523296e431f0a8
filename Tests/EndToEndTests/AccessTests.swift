import Foundation
import SpinDomain
import Testing

/// Who may use the real program, and what it tells about it.
struct AccessTests {
    private func addKey(_ folder: TemporaryFolder, scope: String) throws -> String {
        let made = try Program.run([
            "keys", "add", "--data-dir", folder.path, "--name", "ada", "--scope", scope,
        ])
        #expect(made.status == 0, "\(made.errors)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func othersAreServedOnlyWithKeysOrWhenSaidSo() throws {
        let folder = try TemporaryFolder()
        let everywhere = ["--host", "0.0.0.0"]
        let refused = try Program.run(
            ["serve", "--data-dir", folder.path, "--port", "0"] + everywhere)
        #expect(refused.status != 0 && refused.output.isEmpty)
        #expect(refused.errors.contains("spind keys add"))
        #expect(refused.errors.contains("--allow-anonymous"))

        let open = try Server(
            dataFolder: folder.path, arguments: everywhere + ["--allow-anonymous"])
        #expect(try open.request("GET", "/v1/jobs").status == 200)
        open.kill()

        let key = try addKey(folder, scope: "admin")
        let server = try Server(dataFolder: folder.path, arguments: everywhere)
        #expect(try server.request("GET", "/v1/jobs").status == 401)
        let bearer = ["Authorization: Bearer \(key)"]
        #expect(try server.request("GET", "/v1/jobs", headers: bearer).status == 200)
        #expect(try server.request("GET", "/healthz").status == 200)
        #expect(
            try server.request("GET", "/healthz", headers: ["Host: evil.example"]).status == 421)
    }

    @Test func keysAreManagedOnTheFolderWhenNoServerHasIt() throws {
        let folder = try TemporaryFolder()
        #expect(try Program.run(["keys", "list", "--data-dir", folder.path]).status != 0)
        let early = try Program.run([
            "keys", "add", "--data-dir", folder.path, "--name", "a", "--scope", "read",
        ])
        #expect(early.status != 0 && early.errors.contains("admin"))
        let key = try addKey(folder, scope: "admin")
        let id = String(key.split(separator: "_")[1])
        let list = try Program.run(["keys", "list", "--data-dir", folder.path])
        #expect(list.output.contains(id) && list.output.contains("admin"))
        #expect(!list.output.contains(key))

        let server = try Server(dataFolder: folder.path)
        let busy = try Program.run(["keys", "list", "--data-dir", folder.path])
        #expect(busy.status != 0 && busy.errors.contains("POST /v1/keys"))
        server.kill()

        let revoke = ["keys", "revoke", id, "--data-dir", folder.path]
        #expect(try Program.run(revoke).status == 0)
        #expect(try Program.run(revoke).status != 0)
        #expect(try Program.run(["keys", "list", "--data-dir", folder.path]).output.isEmpty)
    }

    @Test func theLogIsJSONLinesWithRequestsAndNoKeys() throws {
        let folder = try TemporaryFolder()
        let secret = String(repeating: "5eCret", count: 8)
        let server = try Server(
            dataFolder: folder.path, arguments: ["--access-log"],
            environment: ["SPIND_ADMIN_KEY": secret])
        let key =
            try server.request(
                "POST", "/v1/keys", body: Data(#"{"name":"ada","scope":"admin"}"#.utf8),
                type: "application/json", headers: ["Authorization: Bearer \(secret)"]
            ).json()["key"]?.string ?? ""
        #expect(key.hasPrefix("spind_"))
        for path in ["/v1/jobs", "/v1/jobs?key=\(key)", "/v1/keys/\(key)", "/\(key)/%0A"] {
            _ = try server.request(
                "GET", path, headers: ["Authorization: Bearer \(key)", "X-Request-Id: mine-1"])
        }
        #expect(server.stop() == 0)
        let lines = server.log.split(separator: "\n")
        for line in lines {
            let json = try JSONParser.parse(line.utf8)
            for name in ["time", "level", "message"] { #expect(json[name]?.string != nil) }
        }
        #expect(lines.filter { $0.contains(#""request_id":"mine-1""#) }.count >= 4)
        #expect(!server.log.contains(secret))
        #expect(!server.log.contains(key.suffix(64)))
    }

    @Test func nobodyElseCanReadTheDataFolder() throws {
        let parent = try TemporaryFolder()
        let data = parent.path + "/data"
        let server = try Server(dataFolder: data)
        server.kill()
        let names = try FileManager.default.subpathsOfDirectory(atPath: data) + [""]
        #expect(names.contains("spind.sqlite"))
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: data + "/" + name)
            let mode = attributes[.posixPermissions] as? Int ?? 0o777
            #expect(mode & 0o077 == 0, "\(name) \(String(mode, radix: 8))")
        }
    }
}
