import Glibc

/// Contiguous float32 memory, aligned to 64 bytes and zero at creation.
///
/// Large buffers are mapped page by page on first touch, in huge pages where the system grants
/// them.
// Sendable: the pointer and the count never change; who may touch which floats when is agreed by
// the callers, as for any memory that a worker pool's ranges share.
public final class FloatBuffer: @unchecked Sendable {
    public let count: Int
    /// The first float; valid while this object is alive, so keep it in a stored property or a
    /// parameter.
    public let pointer: UnsafeMutablePointer<Float>
    private let mappedBytes: Int

    /// The size from which memory is mapped: one huge page.
    private static let smallestMapping = 2 << 20

    /// - Parameter isSparse: whether most of it will never be touched, so that huge pages would waste
    ///   memory.
    public init(count: Int, isSparse: Bool = false) {
        precondition(count >= 0, "FloatBuffer: negative count \(count)")
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        precondition(!overflow, "FloatBuffer: \(count) floats do not fit the address space")
        self.count = count
        if bytes >= Self.smallestMapping {
            let memory = Self.map(bytes: bytes, isSparse: isSparse)
            pointer = memory.bindMemory(to: Float.self, capacity: count)
            mappedBytes = bytes
        } else {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 64), alignment: 64)
            pointer = memory.bindMemory(to: Float.self, capacity: count)
            pointer.initialize(repeating: 0, count: count)
            mappedBytes = 0
        }
    }

    deinit {
        if mappedBytes > 0 {
            munmap(pointer, mappedBytes)
        } else {
            UnsafeMutableRawPointer(pointer).deallocate()
        }
    }

    /// One float; for cold code, which would rather be stopped than read past the end.
    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "FloatBuffer: \(index) of \(count)")
            return pointer[index]
        }
        set {
            precondition(index >= 0 && index < count, "FloatBuffer: \(index) of \(count)")
            pointer[index] = newValue
        }
    }

    /// A copy of all floats.
    public var array: [Float] {
        Array(UnsafeBufferPointer(start: pointer, count: count))
    }

    public func zero(using pool: WorkerPool? = nil) {
        Self.split(count, pool) { range in
            (pointer + range.lowerBound).update(repeating: 0, count: range.count)
        }
    }

    /// - Parameter source: as many floats as this buffer has.
    public func copy(from source: FloatBuffer, using pool: WorkerPool? = nil) {
        precondition(
            source.count == count, "FloatBuffer.copy: \(source.count) floats into \(count)")
        Self.split(count, pool) { range in
            (pointer + range.lowerBound).update(
                from: source.pointer + range.lowerBound, count: range.count)
        }
    }

    private static func split(_ count: Int, _ pool: WorkerPool?, _ body: (Range<Int>) -> Void) {
        guard let pool else { return body(0..<count) }
        pool.split(count, grain: VectorOperations.grain) { _, range in body(range) }
    }

    private static func map(bytes: Int, isSparse: Bool) -> UnsafeMutableRawPointer {
        let memory = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            preconditionFailure("FloatBuffer: the system has no \(bytes) bytes to give")
        }
        // Advice only: without huge pages everything works, with more address translation.
        if !isSparse { madvise(memory, bytes, MADV_HUGEPAGE) }
        return memory
    }
}
