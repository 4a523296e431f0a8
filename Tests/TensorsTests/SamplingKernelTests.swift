import CKernels
import Glibc
import Tensors
import Testing

@Suite struct SamplingKernelTests {
    private static let counts = [1, 2, 15, 16, 17, 1000, 1024, 1025, 5003]

    private func logits(_ count: Int, seed: UInt64 = 1) -> [Float] {
        samples(count, seed: seed).array.map { $0 * 12 }
    }

    @Test(arguments: counts)
    func argmaxIsTheFirstOfTheLargest(count: Int) {
        var row = logits(count)
        #expect(spind_logits_argmax(row, count) == row.firstIndex(of: row.max() ?? 0))
        row[count / 2] = 50
        row[count - 1] = 50
        #expect(spind_logits_argmax(row, count) == count / 2)
        #expect(spind_logits_argmax([Float](repeating: -.infinity, count: count), count) == 0)
    }

    @Test(arguments: counts)
    func statisticsAreThoseOfDoubles(count: Int) {
        var row = logits(count)
        row[0] = -.infinity
        row[count - 1] = 3
        let largest = row.max() ?? 0
        var (foundLargest, foundLogSum) = (Float(0), 0.0)
        spind_logits_statistics(row, count, &foundLargest, &foundLogSum)
        let sum = row.reduce(0.0) { $0 + exp(Double($1) - Double(largest)) }
        #expect(foundLargest == largest)
        // The exponential's 1e-7 and the rounding of a block's float lanes.
        #expect(abs(foundLogSum - Double(largest) - log(sum)) < 3e-7)
    }

    @Test(arguments: counts)
    func softmaxSumsToOneAndMayBeInPlace(count: Int) {
        let row = logits(count)
        let scaled = row.map { exp(Double($0) * 0.7) }
        let sum = scaled.reduce(0, +)
        var inPlace = row
        inPlace.withUnsafeMutableBufferPointer {
            spind_logits_softmax($0.baseAddress, count, 0.7, $0.baseAddress)
        }
        for (found, exact) in zip(inPlace, scaled) {
            // Exponents reach -24·0.7; float32 rounds the difference, the factor and the product by
            // up to 1e-6 each.
            #expect(abs(Double(found) - exact / sum) < 4e-6 * exact / sum)
        }
    }

    @Test(arguments: counts)
    func keepingTheLargestIsASort(count: Int) {
        // Few distinct values, so that there are ties.
        let weights = logits(count).map { ($0 + 12).rounded() / 8 }
        let order = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
        for kept in [1, 2, 5, 40, count - 1, count, count + 1] where kept > 0 {
            var found = weights
            spind_weights_keep_largest(&found, count, kept)
            let stays = Set(order.prefix(kept))
            #expect(
                weights.indices.allSatisfy { found[$0] == (stays.contains($0) ? weights[$0] : 0) })
        }
    }

    @Test(arguments: counts, [0, 0.1, 0.5, 0.9, 0.999, 1])
    func keepingANucleusIsASortAndAWalk(count: Int, share: Double) {
        // Eighths are summed exactly, so the walk below has no rounding to differ in.
        let weights = logits(count).map { ($0 + 12).rounded() / 8 + 0.125 }
        let order = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
        let wanted = share * weights.reduce(0.0) { $0 + Double($1) }
        var (stays, sum) = (Set<Int>(), 0.0)
        for index in order where stays.isEmpty || sum < wanted || share >= 1 {
            stays.insert(index)
            sum += Double(weights[index])
        }
        var found = weights
        spind_weights_keep_nucleus(&found, count, share)
        #expect(weights.indices.allSatisfy { found[$0] == (stays.contains($0) ? weights[$0] : 0) })
    }

    @Test func nucleusOfAPeakedRowIsItsPeak() {
        var weights = [Float](repeating: 1e-9, count: 2000)
        weights[1234] = 1
        spind_weights_keep_nucleus(&weights, 2000, 0.9)
        #expect(weights.indices.filter { weights[$0] > 0 } == [1234])
    }

    @Test func selectionSurvivesStrangeWeights() {
        for strange in [Float.nan, .infinity, -1, -0.0, 0, .leastNonzeroMagnitude] {
            var weights = [Float](repeating: strange, count: 100)
            weights[3] = 1
            spind_weights_keep_largest(&weights, 100, 7)
            spind_weights_keep_nucleus(&weights, 100, 0.5)
            let drawn = spind_weights_draw(weights, 100, 0.5)
            #expect((-1..<100).contains(drawn))
        }
    }

    @Test(arguments: counts)
    func drawsInvertTheRunningSum(count: Int) {
        // Eighths, so that sums are exact; every third weight is 0.
        let weights = logits(count).indices.map { Float($0 % 3) / 8 }
        let total = weights.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else {
            #expect(spind_weights_draw(weights, count, 0.3) == -1)
            return
        }
        for uniform in [0, 0.125, 0.25, 0.5, 0.75, 0.999, 1 - 0x1p-53] {
            var running = 0.0
            let expected = weights.indices.first {
                running += Double(weights[$0])
                return running > uniform * total
            }
            #expect(spind_weights_draw(weights, count, uniform) == expected)
        }
    }

    @Test func aDrawNeverFallsOnAWeightOfZero() {
        var weights = [Float](repeating: 0, count: 3000)
        weights[5] = 0.1
        weights[2100] = 0.2
        let random = CounterRandom(seed: 1, stream: (0, 0, 0))
        let draws = (0..<3000).map { spind_weights_draw(weights, 3000, random.uniform(at: $0)) }
        let first = draws.count { $0 == 5 }
        #expect(draws.allSatisfy { $0 == 5 || $0 == 2100 })
        // A third of 3000 with standard deviation √(3000·2/9) = 26; five of them.
        #expect(abs(first - 1000) < 130)
        #expect(spind_weights_draw(weights, 3000, 1 - 0x1p-53) == 2100)
    }
}
