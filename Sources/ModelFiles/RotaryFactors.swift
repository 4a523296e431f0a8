import Foundation
import SpinDomain
import Transformer

/// The tensor `rope_freqs.weight` of a GGUF file: each rotary frequency is divided by its factor.
///
/// llama.cpp's converter computes the factors from Llama 3.1's four scaling numbers and forgets
/// those; they are found again here, because a Hugging Face folder can only carry the numbers.
struct RotaryFactors {
    /// The factors are rounded to 32-bit floats, computed in either precision.
    private static let tolerance = 1e-5

    private let tensor: StoredTensor
    private let factors: [Double]

    init(_ tensor: StoredTensor, headSize: Int) throws {
        guard tensor.shape == [headSize / 2] else {
            throw SpinError.damaged(
                tensor.file.name,
                "tensor '\(tensor.name)' has shape \(tensor.shape), not \([headSize / 2])")
        }
        self.tensor = tensor
        factors = try tensor.floats().map(Double.init)
    }

    func scaling(base: Double) throws -> DecoderConfiguration.Rotary.Scaling {
        if factors.allSatisfy({ $0 == 1 }) { return .none }
        // The longest wave is always divided by the whole factor; Llama 3.1, 3.2 and 3.3 share
        // the other three numbers.
        let factor = factors.max() ?? 1
        let expected = RotaryFactors.llama3(factor: factor, base: base, count: factors.count)
        let isLlama3 = zip(factors, expected).allSatisfy {
            abs($0 - $1) <= RotaryFactors.tolerance * $1
        }
        guard isLlama3 else {
            throw SpinError(
                .unsupported,
                "\(tensor.file.name): tensor '\(tensor.name)' has factors of an unknown rule",
                hint: "supported: those of Llama 3.1 to 3.3")
        }
        return .llama3(
            factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4,
            originalContextLength: 8192)
    }

    /// What Llama 3.1's rule gives for low and high frequency factors 1 and 4 and context 8192.
    private static func llama3(factor: Double, base: Double, count: Int) -> [Double] {
        (0..<count).map { index in
            let waveLength = 2 * Double.pi * pow(base, Double(index) / Double(count))
            if waveLength < 8192 / 4 { return 1 }
            if waveLength > 8192 { return factor }
            let smooth = (8192 / waveLength - 1) / (4 - 1)
            return 1 / ((1 - smooth) / factor + smooth)
        }
    }
}
