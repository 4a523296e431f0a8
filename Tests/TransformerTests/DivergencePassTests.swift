import Foundation
import Tensors
import Testing
import Transformer

@Suite struct DivergencePassTests {
    /// As the logits are: some hundred float32 operations deep, here in a difference of two.
    private static let tolerance = 6e-5

    private let tokens: [Int32] = [1, 5, 9, 30, 2, 17, 17, 8]

    /// Every weight moved a little, the same way each time.
    private func neighbour(of decoder: Decoder) -> Decoder {
        let weights = ParameterArena(decoder.weights.layout)
        var random = SplitMix(state: 5)
        for index in 0..<decoder.weights.layout.count {
            weights.buffer.pointer[index] =
                decoder.weights.buffer.pointer[index] + 0.05 * random.symmetric()
        }
        return Decoder(
            configuration: decoder.configuration, weights: weights, pool: decoder.pool)
    }

    /// - Parameter shared: tokens that pass before the others and have no divergence of their own.
    private func divergences(
        _ policy: Decoder, _ reference: Decoder, shared: Int = 0
    ) -> [Double] {
        let own = Array(tokens[shared...])
        var rows = PackedRows(afterShared: shared)
        rows.append(own)
        let pass = DivergencePass(policy: policy, reference: reference)
        pass.share(Array(tokens[..<shared]))
        return pass.divergences(rows, after: Array(own.indices))
    }

    @Test(arguments: Variant.all)
    func divergencesEqualTheNaiveDecoders(_ variant: Variant) {
        let policy = variant.decoder()
        let reference = neighbour(of: policy)
        let p = NaiveDecoder(policy.configuration, policy.weights).logProbabilities(tokens)
        let q = NaiveDecoder(reference.configuration, reference.weights).logProbabilities(tokens)
        let expected = zip(p, q).map { p, q in
            zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
        }
        let found = divergences(policy, reference)
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < Self.tolerance })
        // The test would see nothing if the models were the same.
        #expect(expected.allSatisfy { $0 > 10 * Self.tolerance })
    }

    @Test func sharedTokensChangeNoDivergenceAfterThem() {
        let policy = Variant.llama.decoder()
        let reference = neighbour(of: policy)
        let whole = divergences(policy, reference)
        let after = divergences(policy, reference, shared: 3)
        #expect(after.count == whole.count - 3)
        #expect(zip(after, whole[3...]).allSatisfy { abs($0 - $1) < Self.tolerance })
    }

    @Test func aModelIsAtNoDistanceFromItself() {
        let decoder = Variant.llama.decoder()
        #expect(divergences(decoder, decoder).allSatisfy { $0 == 0 })
    }

    @Test func aDistanceHasADirection() {
        let policy = Variant.llama.decoder()
        let reference = neighbour(of: policy)
        #expect(divergences(policy, reference) != divergences(reference, policy))
    }

    @Test func theNumberOfThreadsChangesNoBit() {
        let found = [1, 2].map { width in
            let decoder = Variant.llama.decoder(width: width)
            return divergences(decoder, neighbour(of: decoder))
        }
        #expect(found[0] == found[1])
    }
}
