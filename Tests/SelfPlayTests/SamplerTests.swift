import Foundation
import SelfPlay
import SpinDomain
import Tensors
import Testing

@Suite struct SamplerTests {
    private static let draws = 20_000
    private let logits: [Float] = [0.3, -1.2, 2.0, 1.1, -0.4, 0.9, -3.0, 1.9]

    private func sampler(
        minLength: Int = 0, stopTokens: [Int32] = [],
        _ change: (inout SamplingOptions) -> Void = { _ in }
    ) -> Sampler {
        var options = SamplingOptions()
        change(&options)
        return Sampler(
            options, minLength: minLength, stopTokens: stopTokens, vocabularySize: logits.count)
    }

    private func draw(
        _ sampler: Sampler, _ index: Int, position: Int = 0, seen: [Int32] = []
    ) -> Sampler.Draw {
        let memory = FloatBuffer(count: 2 * logits.count)
        memory.pointer.update(from: logits, count: logits.count)
        return sampler.draw(
            memory.pointer, position: position, seen: seen,
            random: CounterRandom(seed: 5, stream: (0, 0, UInt32(index))),
            scratch: memory.pointer + logits.count)
    }

    private func softmax(_ values: [Double]) -> [Double] {
        let weights = values.map { exp($0) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// Pearson's statistic; tokens of probability 0 must not occur at all.
    private func chiSquare(_ sampler: Sampler, _ expected: [Double], seen: [Int32] = []) -> Double {
        var counts = [Int](repeating: 0, count: logits.count)
        for index in 0..<Self.draws { counts[Int(draw(sampler, index, seen: seen).token)] += 1 }
        var statistic = 0.0
        for (count, probability) in zip(counts, expected) {
            let mean = probability * Double(Self.draws)
            if probability == 0 {
                #expect(count == 0)
            } else {
                statistic += (Double(count) - mean) * (Double(count) - mean) / mean
            }
        }
        return statistic
    }

    /// 7 degrees of freedom: a right sampler exceeds this with probability 1e-5; seeds are fixed.
    private static let limit = 35.0

    @Test(arguments: [0.5, 1.0, 2.0])
    func frequenciesFollowTheTemperedSoftmax(temperature: Double) {
        let expected = softmax(logits.map { Double($0) / temperature })
        #expect(chiSquare(sampler { $0.temperature = temperature }, expected) < Self.limit)
    }

    @Test func topKKeepsTheLikeliestTokens() {
        // The three largest logits: 2.0, 1.9, 1.1.
        let kept = softmax(logits.map { $0 >= 1.1 ? Double($0) : -.infinity })
        #expect(chiSquare(sampler { $0.topK = 3 }, kept) < Self.limit)
    }

    @Test func topPKeepsTheSmallestSetThatReachesIt() {
        let plain = softmax(logits.map(Double.init))
        let order = plain.indices.sorted { plain[$0] > plain[$1] }
        var kept = Set<Int>()
        var sum = 0.0
        for index in order where sum < 0.8 {
            kept.insert(index)
            sum += plain[index]
        }
        #expect(kept.count == 4)
        let expected = plain.indices.map { kept.contains($0) ? plain[$0] / sum : 0 }
        #expect(chiSquare(sampler { $0.topP = 0.8 }, expected) < Self.limit)
    }

    @Test func repetitionPenaltyDividesPositiveAndMultipliesNegativeLogits() {
        var penalized = logits.map(Double.init)
        penalized[2] /= 1.5
        penalized[6] *= 1.5
        let sampler = sampler { $0.repetitionPenalty = 1.5 }
        #expect(chiSquare(sampler, softmax(penalized), seen: [2, 6]) < Self.limit)
    }

    @Test func stopTokensAreBannedWhileTheResponseIsTooShort() {
        let sampler = sampler(minLength: 2, stopTokens: [2]) { $0.useGreedy = true }
        #expect(draw(sampler, 0, position: 0).token == 7)
        #expect(draw(sampler, 0, position: 1).token == 7)
        #expect(draw(sampler, 0, position: 2).token == 2)
    }

    @Test func logProbabilitiesAreThoseOfThePlainModel() {
        let plain = softmax(logits.map(Double.init))
        let sampler = sampler(minLength: 1, stopTokens: [2]) {
            $0.temperature = 0.3
            $0.topK = 3
            $0.repetitionPenalty = 1.3
        }
        for index in 0..<50 {
            let found = draw(sampler, index, seen: [7])
            // The kernel's exp is good to about 1e-7.
            #expect(abs(found.logProbability - log(plain[Int(found.token)])) < 1e-6)
        }
    }

    @Test func greedyTakesTheLowestOfEqualLogits() {
        let scratch = FloatBuffer(count: 4)
        var options = SamplingOptions()
        options.useGreedy = true
        let sampler = Sampler(options, minLength: 0, stopTokens: [], vocabularySize: 4)
        let flat: [Float] = [0, 3, 3, 3]
        let token = flat.withUnsafeBufferPointer { flat in
            flat.baseAddress.map {
                sampler.draw(
                    $0, position: 0, seen: [], random: CounterRandom(seed: 1, stream: (0, 0, 0)),
                    scratch: scratch.pointer
                ).token
            }
        }
        #expect(token == 1)
    }

    @Test func drawsDependOnPositionAndStreamAlone() {
        let sampler = sampler()
        let first = (0..<40).map { draw(sampler, 3, position: $0).token }
        #expect(first == (0..<40).map { draw(sampler, 3, position: $0).token })
        #expect(first != (0..<40).map { draw(sampler, 4, position: $0).token })
        #expect(Set(first).count > 2)
    }
}
