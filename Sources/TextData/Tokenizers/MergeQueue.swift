/// A possible merge of a symbol with its right neighbour.
struct MergeCandidate {
    /// Lower ranks merge first.
    let rank: UInt32
    /// Index of the left symbol.
    let position: UInt32
    /// The token that the two make.
    let merged: Int32

    /// By rank, then from left to right.
    var order: UInt64 { UInt64(rank) << 32 | UInt64(position) }
}

/// A binary heap of merge candidates, the next one on top.
struct MergeQueue {
    private var heap: [MergeCandidate] = []

    mutating func removeAll() {
        heap.removeAll(keepingCapacity: true)
    }

    mutating func push(_ candidate: MergeCandidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard candidate.order < heap[parent].order else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = candidate
    }

    mutating func pop() -> MergeCandidate? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].order < heap[child].order { child += 1 }
            guard heap[child].order < last.order else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = last
        return top
    }
}
