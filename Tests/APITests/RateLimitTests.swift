import API
import SpinDomain
import Testing

struct RateLimitTests {
    private static func limited(_ perSecond: Double) -> AccessRules {
        var rules = AccessRules()
        rules.requestsPerSecond = perSecond
        return rules
    }

    /// The statuses of so many equal requests.
    private func statuses(
        _ count: Int, of service: TestService, key: String? = nil
    ) throws -> [Int: Int] {
        var statuses: [Int: Int] = [:]
        for _ in 0..<count {
            let headers = key.map { [(name: "Authorization", value: "Bearer " + $0)] } ?? []
            let answer = try service.send("GET", "/v1/jobs", headers: headers)
            statuses[answer.status, default: 0] += 1
        }
        return statuses
    }

    @Test func anAddressGetsItsBurstAndThenItsRate() throws {
        let clock = HandClock()
        let service = try TestService(access: Self.limited(5), clock: clock)
        #expect(try statuses(15, of: service) == [200: 10, 429: 5])
        let answer = try service.send("GET", "/v1/jobs")
        _ = try answer.problem(429, "too_many_requests")
        #expect(answer.header("Retry-After") == "1")
        clock.advance(seconds: 1)
        #expect(try statuses(15, of: service) == [200: 5, 429: 10])
        // However long nobody asks, no more than the burst is saved up.
        clock.advance(seconds: 3600)
        #expect(try statuses(15, of: service) == [200: 10, 429: 5])
        // A clock that is set back gives nothing away.
        clock.advance(seconds: -3600)
        #expect(try statuses(2, of: service) == [429: 2])
    }

    @Test func keysDoNotTakeFromEachOther() throws {
        let service = try TestService(access: Self.limited(1))
        let keys = try service.issueKeys()
        for scope in AccessScope.allCases {
            #expect(try statuses(3, of: service, key: keys[scope]) == [200: 2, 429: 1])
        }
    }

    @Test func wrongKeysAreCountedAndRightOnesGoOn() throws {
        let clock = HandClock()
        let service = try TestService(clock: clock)
        let right = try #require(try service.issueKeys()[.read])
        let wrong = "spind_000000000000_" + String(repeating: "0", count: 64)
        #expect(try statuses(13, of: service, key: wrong) == [401: 10, 429: 3])
        #expect(try statuses(3, of: service, key: right) == [200: 3])
        clock.advance(seconds: 6)
        #expect(try statuses(2, of: service, key: wrong) == [401: 1, 429: 1])
    }

    @Test func withoutALimitNothingIsCounted() throws {
        #expect(try statuses(300, of: try TestService()) == [200: 300])
    }
}
