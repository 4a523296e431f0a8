import Glibc

/// Random numbers without state: each is a function of seed, stream and position (Philox4x32-10).
///
/// Draws do not depend on the order they are made in, so results do not depend on batch order,
/// thread count or a restart. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011.
public struct CounterRandom: Sendable {
    private let key: SIMD2<UInt32>
    private let stream: (UInt32, UInt32, UInt32)

    /// - Parameter stream: what the numbers are for, such as (iteration, epoch, sample).
    public init(seed: UInt64, stream: (UInt32, UInt32, UInt32)) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    /// 128 random bits.
    public func bits(at position: UInt32) -> SIMD4<UInt32> {
        Self.philox(counter: SIMD4(position, stream.0, stream.1, stream.2), key: key)
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    public func uniform(at position: UInt32) -> Double {
        let bits = bits(at: position)
        return Self.fraction(bits[0], bits[1])
    }

    /// Uniform in [0, 1), a multiple of 2⁻²⁴.
    public func uniformFloat(at position: UInt32) -> Float {
        Float(bits(at: position)[0] >> 8) * 0x1p-24
    }

    /// Normal with mean 0 and variance 1 (Box–Muller).
    public func normal(at position: UInt32) -> Double {
        let bits = bits(at: position)
        // 1 - u lies in (0, 1], where the logarithm is finite.
        let radius = (-2 * log(1 - Self.fraction(bits[0], bits[1]))).squareRoot()
        return radius * cos(2 * .pi * Self.fraction(bits[2], bits[3]))
    }

    /// Puts the elements in a random order (Fisher–Yates); position i decides the place of element
    /// i.
    public func shuffle<Element>(_ elements: inout [Element]) {
        precondition(
            elements.count <= UInt32.max, "CounterRandom.shuffle: \(elements.count) elements")
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            let bits = bits(at: UInt32(last))
            let random = UInt64(bits[0]) << 32 | UInt64(bits[1])
            // The high word of random · (last + 1) is uniform in 0 ... last, but for 2⁻⁶⁴ · last.
            elements.swapAt(Int(random.multipliedFullWidth(by: UInt64(last + 1)).high), last)
        }
    }

    /// The numbers 0 ..< count in a random order.
    public func permutation(of count: Int) -> [Int] {
        var indices = Array(0..<count)
        shuffle(&indices)
        return indices
    }

    private static func fraction(_ high: UInt32, _ low: UInt32) -> Double {
        Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
    }

    /// Ten rounds of the published function; the constants are its multipliers and key increments.
    package static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (counter, key) = (counter, key)
        for _ in 0..<10 {
            let first = UInt32(0xD251_1F53).multipliedFullWidth(by: counter[0])
            let second = UInt32(0xCD9E_8D57).multipliedFullWidth(by: counter[2])
            counter = SIMD4(
                second.high ^ counter[1] ^ key[0], second.low,
                first.high ^ counter[3] ^ key[1], first.low)
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return counter
    }
}
