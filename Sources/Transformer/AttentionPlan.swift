import Synchronization
import Tensors

/// How the attention of one micro-batch is dealt out; the same for every layer.
struct AttentionPlan {
    /// Successive queries of one segment.
    struct Block {
        let segment: PackedRows.Segment
        let rows: Range<Int>
        let firstPosition: Int
    }

    /// A multiple of the kernel's own block, small enough that a lone prompt feeds all workers.
    private static let blockRows = 64

    let rowCount: Int
    /// Tokens before all segments.
    let sharedCount: Int
    let blocks: [Block]
    let families: [[PackedRows.Segment]]
    /// Length of the longest sequence.
    let positions: Int

    init(_ rows: PackedRows) {
        let sharedCount = rows.sharedCount
        rowCount = rows.count
        self.sharedCount = sharedCount
        families = rows.families()
        positions =
            sharedCount + (rows.segments.map { $0.prefix.count + $0.rows.count }.max() ?? 0)
        blocks = rows.segments.flatMap { segment in
            Swift.stride(
                from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.blockRows
            ).map { first in
                Block(
                    segment: segment,
                    rows: first..<min(first + Self.blockRows, segment.rows.upperBound),
                    firstPosition: sharedCount + segment.prefix.count + first
                        - segment.rows.lowerBound)
            }
        }
    }
}

/// Equal pieces of scratch memory, one a worker.
struct WorkerScratch {
    let first: UnsafeMutablePointer<Float>
    let count: Int

    subscript(worker: Int) -> UnsafeMutablePointer<Float> { first + worker * count }
}

extension WorkerPool {
    /// Deals `count` pieces of work, the next one to whoever is done first.
    ///
    /// What a piece comes to must not depend on who does it.
    func deal(_ count: Int, _ body: (_ worker: Int, _ index: Int) -> Void) {
        if count == 1 { return body(0, 0) }
        let next = Atomic<Int>(0)
        run { worker in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(worker, index)
            }
        }
    }
}
