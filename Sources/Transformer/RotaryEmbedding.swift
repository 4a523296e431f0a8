import CKernels
import Glibc
import Tensors

/// Rotary position embedding (RoFormer, arXiv 2104.09864) with tables that grow with the positions asked for.
final class RotaryEmbedding {
    private let frequencies: [Double]
    private let contextLength: Int
    private var tabulated = 0
    private var cosines = FloatBuffer(count: 1)
    private var sines = FloatBuffer(count: 1)

    init(_ rotary: DecoderConfiguration.Rotary, contextLength: Int) {
        frequencies = Self.frequencies(rotary)
        self.contextLength = contextLength
    }

    private var half: Int { frequencies.count }

    /// Radians a position, one for each pair of channels.
    static func frequencies(_ rotary: DecoderConfiguration.Rotary) -> [Double] {
        let channels = rotary.rotatedChannels
        return stride(from: 0, to: channels, by: 2).map { channel in
            let frequency = pow(rotary.base, -Double(channel) / Double(channels))
            return rotary.scaling.scale(frequency)
        }
    }

    /// Makes sure that positions below `count` can be rotated.
    func reserve(positions count: Int) {
        guard count > tabulated else { return }
        tabulated = min(max(count, 2 * tabulated, 256), max(contextLength, count))
        cosines = FloatBuffer(count: max(tabulated * half, 1))
        sines = FloatBuffer(count: max(tabulated * half, 1))
        for position in 0..<tabulated {
            for (pair, frequency) in frequencies.enumerated() {
                // The angle is rounded only after cosine and sine: at long range a float angle is off.
                let angle = Double(position) * frequency
                cosines.pointer[position * half + pair] = Float(cos(angle))
                sines.pointer[position * half + pair] = Float(sin(angle))
            }
        }
    }

    /// Rotates adjacent heads of one row in place.
    func forward(
        _ row: UnsafeMutablePointer<Float>, heads: Int, headSize: Int, position: Int32
    ) {
        rotate(row, heads: heads, headSize: headSize, position: position, direction: 1)
    }

    /// The gradient of a rotation is the gradient turned back.
    func backward(
        _ dRow: UnsafeMutablePointer<Float>, heads: Int, headSize: Int, position: Int32
    ) {
        rotate(dRow, heads: heads, headSize: headSize, position: position, direction: -1)
    }

    private func rotate(
        _ row: UnsafeMutablePointer<Float>, heads: Int, headSize: Int, position: Int32,
        direction: Float
    ) {
        let start = Int(position) * half
        spind_rotate(
            Int64(heads), Int64(headSize), Int64(half), cosines.pointer + start,
            sines.pointer + start, direction, row)
    }
}

extension DecoderConfiguration.Rotary.Scaling {
    fileprivate func scale(_ frequency: Double) -> Double {
        switch self {
        case .none:
            return frequency
        case .linear(let factor):
            return frequency / factor
        case .llama3(let factor, let lowFactor, let highFactor, let originalContextLength):
            // Long waves are stretched, short ones kept, those between blended.
            let turns = Double(originalContextLength) * frequency / (2 * Double.pi)
            if turns > highFactor { return frequency }
            if turns < lowFactor { return frequency / factor }
            let blend = (turns - lowFactor) / (highFactor - lowFactor)
            return (1 - blend) * frequency / factor + blend * frequency
        }
    }
}
