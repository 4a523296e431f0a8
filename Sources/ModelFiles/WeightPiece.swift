import SpinDomain
import Synchronization
import Tensors
import Transformer

/// One tensor on its way from a file into an arena.
struct WeightPiece {
    enum Arrangement: Equatable {
        case asStored
        /// The file has `[in, out]`, the arena `[out, in]`.
        case transposed
        /// The file has the channels of each head as neighbouring pairs (2j, 2j + 1), the arena
        /// as two halves (j, j + headSize / 2), the order of Hugging Face's rotary embedding.
        case interleaved(headSize: Int)
    }

    /// Numbers that one task converts: enough to hide the cost of starting it.
    private static let numbersPerTask = 1 << 19

    let tensor: StoredTensor
    /// First float in the arena.
    var offset: Int
    let arrangement: Arrangement

    /// The tensor that a parameter wants.
    /// - Throws: `damagedFile` when it is missing or has another shape; `unsupported` kind.
    static func check(
        _ tensor: StoredTensor?, name: String, shape: [Int], file: String
    ) throws -> StoredTensor {
        guard let tensor else {
            throw SpinError.damaged(file, "lacks tensor '\(name)' \(shape)")
        }
        guard tensor.shape == shape else {
            throw SpinError.damaged(
                tensor.file.name,
                "tensor '\(tensor.name)' has shape \(tensor.shape), but the configuration asks for \(shape)"
            )
        }
        _ = try tensor.elementType()
        return tensor
    }

    /// Reads all pieces, split by rows over the pool's threads.
    static func load(
        _ pieces: [WeightPiece], into weights: FloatBuffer, pool: WorkerPool?
    ) throws {
        let tasks = pieces.flatMap(\.tasks)
        let next = Atomic(0)
        let failure = Mutex<(index: Int, error: any Error)?>(nil)
        func runTasks() {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < tasks.count else { return }
                do {
                    try tasks[index].run(weights)
                } catch {
                    // The first in the file's order, whatever thread was faster.
                    failure.withLock { known in
                        if index < known?.index ?? .max { known = (index, error) }
                    }
                }
            }
        }
        if let pool { pool.run { _ in runTasks() } } else { runTasks() }
        if let (_, error) = failure.withLock({ $0 }) { throw error }
    }

    private struct Task: Sendable {
        let piece: WeightPiece
        let rows: Range<Int>

        func run(_ weights: FloatBuffer) throws {
            try piece.read(rows, into: weights.pointer + piece.offset)
        }
    }

    private var tasks: [Task] {
        // Whole heads, and sixteen rows of a transposed tensor: they fill the arena's cache lines.
        let unit: Int
        switch arrangement {
        case .asStored: unit = 1
        case .transposed: unit = 16
        case .interleaved(let headSize): unit = headSize
        }
        let rows = unit == 1 || tensor.shape.count == 2 ? tensor.rows : 1
        let units = max(1, WeightPiece.numbersPerTask / max(1, tensor.rowCount * unit))
        return stride(from: 0, to: rows, by: units * unit).map {
            Task(piece: self, rows: $0..<min(rows, $0 + units * unit))
        }
    }

    private func read(_ rows: Range<Int>, into target: UnsafeMutablePointer<Float>) throws {
        let columns = tensor.rowCount
        if arrangement == .asStored {
            return try tensor.read(rows: rows, into: target + rows.lowerBound * columns)
        }
        let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows.count * columns)
        defer { scratch.deallocate() }
        guard let source = scratch.baseAddress else { return }
        try tensor.read(rows: rows, into: source)
        switch arrangement {
        case .asStored: break
        case .transposed: transpose(source, rows, columns, target)
        case .interleaved(let headSize):
            separate(source, rows, columns, headSize: headSize, target)
        }
    }

    /// File row r, column c → arena row c, column r.
    private func transpose(
        _ source: UnsafePointer<Float>, _ rows: Range<Int>, _ columns: Int,
        _ target: UnsafeMutablePointer<Float>
    ) {
        let stride = tensor.rows
        for firstRow in Swift.stride(from: 0, to: rows.count, by: 16) {
            let count = min(16, rows.count - firstRow)
            for column in 0..<columns {
                let line = target + column * stride + rows.lowerBound + firstRow
                for row in 0..<count {
                    line[row] = source[(firstRow + row) * columns + column]
                }
            }
        }
    }

    /// Rows of interleaved heads → rows of half-split heads; a bias is a tensor of rows of one.
    private func separate(
        _ source: UnsafePointer<Float>, _ rows: Range<Int>, _ columns: Int, headSize: Int,
        _ target: UnsafeMutablePointer<Float>
    ) {
        let isBias = tensor.shape.count == 1
        let width = isBias ? 1 : columns
        let channels = isBias ? 0..<columns : rows
        for channel in channels {
            let inHead = channel % headSize
            let half = inHead % 2 * (headSize / 2)
            let destination = channel - inHead + half + inHead / 2
            (target + destination * width).update(
                from: source + (channel - channels.lowerBound) * width, count: width)
        }
    }
}
