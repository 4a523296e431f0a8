public import DurableFiles
public import Foundation
import SpinDomain
public import Tensors
public import Transformer

/// Arenas in one safetensors file under the family's Hugging Face names and orientation, F32:
/// the weights of a model, or the moments of an optimizer.
public enum ArenaFile {
    /// Rows of a transposed tensor that are turned at once.
    private static let rowsAtOnce = 64

    /// - Parameters:
    ///   - arenas: of one layout; the prefix stands before each tensor's name.
    /// - Throws: `notFound` without the folder, `diskFull`, `inputOutput`.
    public static func write(
        _ arenas: [(prefix: String, values: ParameterArena)], family: ModelFamily, to url: URL
    ) throws -> WrittenFile {
        let parts = arenas.map { arena in
            (arena, TensorNames.tensors(of: arena.values.layout, family: family))
        }
        let writer = try SafetensorsWriter(
            url,
            tensors: parts.flatMap { arena, tensors in
                tensors.map { .init(name: arena.prefix + $0.name, shape: $0.shape) }
            })
        for (arena, tensors) in parts {
            for tensor in tensors { try append(tensor, of: arena.values, to: writer) }
        }
        return try writer.finish()
    }

    /// Fills arenas from a file that `write` made; other tensors in it are ignored.
    /// - Throws: `notFound`, `inputOutput`; `damagedFile` for a tensor that is missing, misshapen
    ///   or not finite.
    public static func read(
        _ url: URL, into arenas: [(prefix: String, values: ParameterArena)], family: ModelFamily,
        pool: WorkerPool? = nil
    ) throws {
        let file = try SafetensorsFile(url)
        for arena in arenas {
            let pieces = try TensorNames.tensors(of: arena.values.layout, family: family).map {
                let name = arena.prefix + $0.name
                return WeightPiece(
                    tensor: try WeightPiece.check(
                        file[name], name: name, shape: $0.shape, file: url.lastPathComponent),
                    offset: $0.offset, arrangement: $0.isTransposed ? .transposed : .asStored)
            }
            try WeightPiece.load(pieces, into: arena.values.buffer, pool: pool)
        }
    }

    private static func append(
        _ tensor: FileTensor, of values: ParameterArena, to writer: SafetensorsWriter
    ) throws {
        let source = values.buffer.pointer + tensor.offset
        guard tensor.isTransposed else {
            return try writer.append(source, count: tensor.count)
        }
        let rows = tensor.shape[0]
        let columns = tensor.shape[1]
        let slab = UnsafeMutablePointer<Float>.allocate(capacity: rowsAtOnce * columns)
        defer { slab.deallocate() }
        for first in stride(from: 0, to: rows, by: rowsAtOnce) {
            let count = min(rowsAtOnce, rows - first)
            for column in 0..<columns {
                let line = source + column * rows + first
                for row in 0..<count { slab[row * columns + column] = line[row] }
            }
            try writer.append(slab, count: count * columns)
        }
    }
}
