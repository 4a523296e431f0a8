import API
import Foundation
import MicroHTTP
import SpinDomain
import Testing

@Suite struct AnswerCacheTests {
    /// Counts how often an answer had to be made.
    private final class Maker {
        private(set) var count = 0

        func make(status: Int = 200, bytes: Int = 3) -> HTTPResponse {
            count += 1
            return HTTPResponse(status: status, body: .data(Data(count: bytes)))
        }
    }

    private let cache = AnswerCache()
    private let maker = Maker()

    private func ask(
        _ target: String, _ generation: Int, accept: String? = nil, status: Int = 200,
        bytes: Int = 3
    ) throws -> HTTPResponse {
        let headers = accept.map { [(name: "Accept", value: $0)] } ?? []
        let request = try HTTPRequest(method: "GET", target: target, headers: headers)
        return cache.answer(to: request, at: generation) {
            maker.make(status: status, bytes: bytes)
        }
    }

    @Test func anAnswerIsMadeOnceUntilSomethingIsStored() throws {
        let first = try ask("/a", 7)
        #expect(try ask("/a", 7).headers.map(\.value) == first.headers.map(\.value))
        #expect(first.headers.map(\.name) == ["ETag"])
        #expect(maker.count == 1)
        _ = try ask("/a", 8)
        _ = try ask("/a", 8)
        #expect(maker.count == 2)
    }

    @Test func everyTargetAndFormatHasItsOwn() throws {
        for _ in 0..<2 {
            _ = try ask("/a", 1)
            _ = try ask("/a?limit=1", 1)
            _ = try ask("/a", 1, accept: "text/csv")
        }
        #expect(maker.count == 3)
    }

    /// Somebody who began before a change may end after one who began after it.
    @Test func aLateAnswerReplacesNoNewerOne() throws {
        _ = try ask("/a", 2)
        _ = try ask("/a", 1)
        _ = try ask("/a", 2)
        #expect(maker.count == 2)
    }

    @Test func refusalsAndLargeAnswersAreNotKept() throws {
        for _ in 0..<2 {
            _ = try ask("/refused", 1, status: 404)
            _ = try ask("/large", 1, bytes: 1 << 20)
        }
        #expect(maker.count == 4)
    }

    @Test func whatIsKeptHasALimit() throws {
        for number in 0..<200 { _ = try ask("/\(number)", 1, bytes: 200 << 10) }
        _ = try ask("/199", 1)
        #expect(maker.count == 200)
        _ = try ask("/0", 1)
        #expect(maker.count == 201)
    }

    @Test(arguments: Transport.allCases)
    func whateverIsStoredIsSeenAtOnce(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        let path = "/v1/jobs/\(job.id)"
        for round in 0..<5 {
            for _ in 0..<2 {
                let steps = try service.send("GET", path + "/metrics").json["data"]?.array
                #expect(steps?.count == round)
                let version = try service.send("GET", path).json["progress"]?["step"]
                #expect(version == .integer(round))
            }
            var progress = JobProgress()
            progress.step = round + 1
            try service.store.setProgress(job: job.id, progress)
            let row = StepMetrics(
                step: round, iteration: 0, epoch: 0, loss: 1, sftLoss: 1, gradNorm: 1,
                learningRate: 1, consumedSamples: 1, stepTime: 1, tokensPerSecond: 1)
            try service.store.append(steps: [row], job: job.id)
        }
    }
}
