import DurableFiles
import SpinDomain
import Testing

/// That the process really ends is shown by the end-to-end tests.
struct FailpointTests {
    @Test(arguments: ["file-synced", "file-synced:1", "metrics-stored:20"])
    func aNameMayCarryAPass(text: String) throws {
        let armed = try #require(try ArmedFailpoint(environment: text))
        #expect(text.hasPrefix(armed.point.rawValue))
        let passes = text.split(separator: ":").dropFirst().first.flatMap { Int($0) } ?? 1
        let counts = (0..<passes).map { _ in armed.countDown() }
        #expect(counts == Array((0..<passes).reversed()))
    }

    @Test(arguments: [nil, ""]) func nothingIsArmedWithoutAName(text: String?) throws {
        #expect(try ArmedFailpoint(environment: text) == nil)
    }

    @Test(arguments: ["nowhere", "file-synced:0", "file-synced:", "file-synced:1:2", ":1"])
    func anotherTextIsRefusedWithTheNames(text: String) {
        let error = #expect(throws: SpinError.self) { try ArmedFailpoint(environment: text) }
        #expect(error?.hint?.contains("metrics-stored") == true)
    }

    @Test func namesAreDistinctAndSpelledAlike() {
        for point in Failpoint.allCases {
            #expect(point.rawValue.allSatisfy { $0 == "-" || ("a"..."z").contains($0) })
        }
    }
}
