import Tensors
import Testing

@Suite struct FloatBufferTests {
    /// Below and above the size from which memory is mapped.
    @Test(arguments: [0, 1, 1000, 1_000_000])
    func isZeroAndAlignedAtCreation(count: Int) {
        let buffer = FloatBuffer(count: count)
        #expect(buffer.array.count == count)
        #expect(buffer.array.allSatisfy { $0 == 0 })
        #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
    }

    @Test(arguments: [100, 300_000])
    func copiesAndZeroesEveryFloat(count: Int) {
        let pool = WorkerPool(width: 3)
        let source = samples(count, seed: 1)
        let (alone, shared) = (FloatBuffer(count: count), FloatBuffer(count: count))
        alone.copy(from: source)
        shared.copy(from: source, using: pool)
        #expect(bits(alone) == bits(source))
        #expect(bits(shared) == bits(source))
        alone.zero()
        shared.zero(using: pool)
        #expect(alone.array.allSatisfy { $0 == 0 })
        #expect(shared.array.allSatisfy { $0 == 0 })
    }
}
