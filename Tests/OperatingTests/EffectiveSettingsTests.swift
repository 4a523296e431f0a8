import Foundation
import Operating
import SpinDomain
import Testing

struct EffectiveSettingsTests {
    private static let settings = [
        Setting("port", .integer(0...65_535), usual: "8080"), Setting("host"),
        Setting("allow-host", .texts), Setting("access-log", .flag, usual: "false"),
        Setting("rate-limit", .number(0...10)), Setting("log-format", .choice(["text", "json"])),
        Setting("admin-key", isSecret: true),
    ]

    private func effective(
        flags: [String: [String]] = [:], environment: [String: String] = [:],
        file: JSONValue? = nil
    ) throws -> EffectiveSettings {
        try EffectiveSettings(
            Self.settings, flags: flags, environment: environment,
            file: file.map { (path: "spind.yaml", document: $0) })
    }

    /// The places and details of what is wrong.
    private func problems(
        flags: [String: [String]] = [:], environment: [String: String] = [:],
        file: JSONValue? = nil
    ) throws -> [String: String] {
        let error = #expect(throws: SpinError.self) {
            try effective(flags: flags, environment: environment, file: file)
        }
        let problems = try #require(error).problems
        return Dictionary(problems.map { ($0.pointer, $0.detail) }) { first, _ in first }
    }

    @Test func aFlagCountsBeforeTheEnvironmentBeforeTheFileBeforeTheDefault() throws {
        let file: JSONValue = ["port": 3]
        let variable = ["SPIND_PORT": "2"]
        let all = try effective(flags: ["port": ["1"]], environment: variable, file: file)
        #expect(all.value("port") == .init(texts: ["1"], source: .flag("--port")))
        let two = try effective(environment: variable, file: file)
        #expect(two.value("port") == .init(texts: ["2"], source: .variable("SPIND_PORT")))
        let one = try effective(file: file)
        #expect(one.value("port") == .init(texts: ["3"], source: .file("spind.yaml")))
        #expect(try effective().value("port") == .init(texts: ["8080"], source: .usual))
        #expect(try effective().value("host") == nil)
    }

    @Test func valuesOfEveryKindComeFromEverySource() throws {
        let file: JSONValue = [
            "port": 1, "host": "h", "allow_host": ["a", "b"], "access_log": true,
            "rate_limit": 2.5, "log_format": "json",
        ]
        let environment = [
            "SPIND_PORT": "1", "SPIND_HOST": "h", "SPIND_ALLOW_HOST": "a,b",
            "SPIND_ACCESS_LOG": "true", "SPIND_RATE_LIMIT": "2.5", "SPIND_LOG_FORMAT": "json",
        ]
        let flags = [
            "port": ["1"], "host": ["h"], "allow-host": ["a", "b"], "access-log": ["true"],
            "rate-limit": ["2.5"], "log-format": ["json"],
        ]
        for settings in [
            try effective(file: file), try effective(environment: environment),
            try effective(flags: flags),
        ] {
            #expect(settings.integer("port") == 1)
            #expect(settings.text("host") == "h")
            #expect(settings.texts("allow-host") == ["a", "b"])
            #expect(settings.isOn("access-log"))
            #expect(settings.number("rate-limit") == 2.5)
            #expect(settings.text("log-format") == "json")
        }
    }

    @Test func everythingWrongIsNamedAtOnceWithItsPlace() throws {
        let found = try problems(
            flags: ["rate-limit": ["fast"]],
            environment: ["SPIND_PORT": "70000", "SPIND_LOG_FORMAT": "xml", "SPIND_HOST": ""],
            file: ["prot": 1, "access_log": 7, "host": ["a", "b"], "allow_host": ["x": 1]])
        #expect(
            Set(found.keys) == [
                "--rate-limit", "SPIND_PORT", "SPIND_LOG_FORMAT", "SPIND_HOST", "spind.yaml: prot",
                "spind.yaml: access_log", "spind.yaml: host", "spind.yaml: allow_host",
            ])
        #expect(found["spind.yaml: prot"]?.contains("did you mean 'port'") == true)
        #expect(found["SPIND_PORT"]?.contains("0 to 65535") == true)
    }

    @Test func anUnknownVariableIsAnErrorWithASuggestion() throws {
        let found = try problems(environment: ["SPIND_PROT": "1", "PATH": "/bin"])
        #expect(found == ["SPIND_PROT": "there is no such setting (did you mean 'SPIND_PORT'?)"])
        _ = try effective(environment: ["SPIND_MATRIX_KERNEL": "vectors", "SPIND_CONFIG": "x"])
        let links = try problems(environment: ["SPIND_SERVICE_HOST": "10.0.0.1"])
        #expect(links["SPIND_SERVICE_HOST"]?.contains("enableServiceLinks") == true)
    }

    @Test func aSecretComesFromTheEnvironmentOrAFileAndIsNeverShown() throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-secret-\(UUID().uuidString)")
        try Data("s3cret\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        for environment in [
            ["SPIND_ADMIN_KEY": "s3cret"], ["SPIND_ADMIN_KEY_FILE": file.path],
        ] {
            let settings = try effective(environment: environment)
            #expect(settings.text("admin-key") == "s3cret")
            #expect(!settings.description.contains("s3cret"))
            #expect(settings.description.contains("admin_key: (hidden)"))
        }
        let missing = try problems(environment: ["SPIND_ADMIN_KEY_FILE": "/nowhere/key"])
        #expect(missing["SPIND_ADMIN_KEY_FILE"]?.contains("/nowhere/key") == true)
        // A configuration file is copied and shown about too easily.
        #expect(try problems(file: ["admin_key": "s3cret"])["spind.yaml: admin_key"] != nil)
        // Only secrets have a file of their own.
        #expect(try problems(environment: ["SPIND_PORT_FILE": "x"])["SPIND_PORT_FILE"] != nil)
    }

    @Test func theDescriptionSaysWhereEachValueIsFrom() throws {
        let lines = try effective(
            flags: ["host": ["a: #b"]], environment: ["SPIND_ALLOW_HOST": "x,y"]
        ).description.split(separator: "\n")
        #expect(
            lines == [
                "port: 8080  # default", #"host: "a: #b"  # --host"#,
                #"allow_host: ["x", "y"]  # SPIND_ALLOW_HOST"#, "access_log: false  # default",
                "# rate_limit: not set", "# log_format: not set", "# admin_key: not set",
            ])
    }
}
