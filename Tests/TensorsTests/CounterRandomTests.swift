import Tensors
import Testing

@Suite struct CounterRandomTests {
    /// The vectors for philox4x32-10 of Random123's file kat_vectors.
    @Test func philoxGivesThePublishedVectors() {
        #expect(
            CounterRandom.philox(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
                == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        #expect(
            CounterRandom.philox(
                counter: SIMD4(repeating: 0xffff_ffff), key: SIMD2(repeating: 0xffff_ffff))
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            CounterRandom.philox(
                counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
                key: SIMD2(0xa409_3822, 0x299f_31d0))
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func seedStreamAndPositionEachChangeTheBits() {
        let base = CounterRandom(seed: 1, stream: (1, 1, 1)).bits(at: 1)
        let others = [
            CounterRandom(seed: 2, stream: (1, 1, 1)).bits(at: 1),
            CounterRandom(seed: 1 + 1 << 32, stream: (1, 1, 1)).bits(at: 1),
            CounterRandom(seed: 1, stream: (2, 1, 1)).bits(at: 1),
            CounterRandom(seed: 1, stream: (1, 2, 1)).bits(at: 1),
            CounterRandom(seed: 1, stream: (1, 1, 2)).bits(at: 1),
            CounterRandom(seed: 1, stream: (1, 1, 1)).bits(at: 2),
        ]
        #expect(Set(others + [base]).count == 7)
    }

    @Test func uniformsFillTheUnitInterval() {
        let random = CounterRandom(seed: 3, stream: (0, 0, 0))
        let draws = (0..<20_000).map { random.uniform(at: $0) }
        let floats = (0..<20_000).map { random.uniformFloat(at: $0) }
        #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(floats.allSatisfy { $0 >= 0 && $0 < 1 })
        // The mean's standard deviation is 1/√(12·20000) = 0.002; five of them.
        #expect(abs(draws.reduce(0, +) / 20_000 - 0.5) < 0.01)
    }

    @Test func normalsHaveTheirMoments() {
        let random = CounterRandom(seed: 4, stream: (0, 0, 0))
        let draws = (0..<20_000).map { random.normal(at: $0) }
        let mean = draws.reduce(0, +) / 20_000
        let square = draws.reduce(0) { $0 + $1 * $1 } / 20_000
        let fourth = draws.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 20_000
        // Standard deviations 1/√20000 = 0.007, √2/√20000 = 0.01, √96/√20000 = 0.07; five of each.
        #expect(abs(mean) < 0.035)
        #expect(abs(square - 1) < 0.05)
        #expect(abs(fourth - 3) < 0.35)
    }

    @Test func permutationsKeepEveryIndexAndRepeat() {
        let random = CounterRandom(seed: 5, stream: (0, 1, 0))
        let order = random.permutation(of: 1000)
        #expect(order.sorted() == Array(0..<1000))
        #expect(order != Array(0..<1000))
        #expect(order == random.permutation(of: 1000))
        #expect(order != CounterRandom(seed: 5, stream: (0, 2, 0)).permutation(of: 1000))
        #expect(random.permutation(of: 0).isEmpty)
        #expect(random.permutation(of: 1) == [0])
    }

    @Test func allOrdersOfThreeAreAboutEquallyFrequent() {
        var counts: [[Int]: Int] = [:]
        for seed in 0..<6000 {
            let order = CounterRandom(seed: UInt64(seed), stream: (0, 0, 0)).permutation(of: 3)
            counts[order, default: 0] += 1
        }
        // Expected 1000 each, standard deviation √(6000·1/6·5/6) = 29; five of them.
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 145 })
    }
}
