import Operating
import SpinDomain
import Testing

struct ServeSettingsTests {
    private func settings(
        _ flags: [String: [String]], _ environment: [String: String] = [:]
    ) throws -> ServeSettings {
        try ServeSettings(
            EffectiveSettings(ServeSettings.all, flags: flags, environment: environment))
    }

    @Test func theDataFolderIsEnough() throws {
        let settings = try settings(["data-dir": ["d"]])
        #expect(settings.host == "127.0.0.1" && settings.port == 8080)
        #expect(settings.isForThisMachineOnly && !settings.allowsAnonymous)
        #expect(settings.requestsPerSecond == nil && settings.tls == nil)
        #expect(settings.logsJSON == nil && !settings.logsAccess)
    }

    @Test func whatIsMissingOrDoesNotGoTogetherIsAnError() throws {
        #expect(throws: SpinError.self) { try settings([:]) }
        for name in ["tls-key", "tls-certificate"] {
            #expect(throws: SpinError.self) {
                try settings(["data-dir": ["d"], name: ["file"]])
            }
        }
        let error = #expect(throws: SpinError.self) {
            try settings(["data-dir": ["d"]], ["SPIND_ADMIN_KEY": "hunter2"])
        }
        #expect(error?.problems.map(\.pointer) == ["SPIND_ADMIN_KEY"])
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func othersAreLimitedUnlessSaidOtherwise() throws {
        let others = ["data-dir": ["d"], "host": ["0.0.0.0"]]
        #expect(try settings(others).requestsPerSecond == 100)
        #expect(try !settings(others).isForThisMachineOnly)
        let unlimited = others.merging(["rate-limit": ["0"]]) { $1 }
        #expect(try settings(unlimited).requestsPerSecond == nil)
        #expect(
            try settings(["data-dir": ["d"], "rate-limit": ["5"]]).requestsPerSecond == 5)
    }
}
