public import Foundation
import SpinDomain
public import Tensors
public import Transformer

/// Reads models from Hugging Face folders and GGUF files, which are not trusted: whatever is
/// wrong with them is an error, never a crash.
public enum ModelReader {
    /// Reads headers and configuration, and checks every tensor's name, shape and place.
    ///
    /// - Parameter url: a folder with `config.json`, or a GGUF file.
    /// - Throws: `notFound`, `inputOutput`; `damagedFile` naming the file and tensor;
    ///   `unsupported` naming the key and what is allowed.
    public static func describe(_ url: URL) throws -> ModelDescription {
        try source(url).description
    }

    /// Fills an arena made for the model's configuration; on an error its contents are undefined.
    ///
    /// Costs one read of the file; conversion runs on all of the pool's threads.
    /// - Throws: as `describe`; `damagedFile` also when the model is no longer the one that
    ///   `weights` was made for, or has a weight that is not finite.
    public static func load(
        _ url: URL, into weights: ParameterArena, pool: WorkerPool? = nil
    ) throws {
        try load(url, into: weights, apart: [], pool: pool) { _, _ in }
    }

    /// As `load`, but some matrices pass through memory that is used again and again instead of
    /// getting into the arena.
    ///
    /// - Parameters:
    ///   - matrices: their places in the arena, each of whole parameters.
    ///   - take: called with a matrix's place and its floats, which are gone afterwards.
    public static func load(
        _ url: URL, into weights: ParameterArena, apart matrices: [Range<Int>],
        pool: WorkerPool? = nil, _ take: (Range<Int>, UnsafePointer<Float>) -> Void
    ) throws {
        let source = try source(url)
        guard source.layout == weights.layout else {
            throw SpinError.damaged(
                url.lastPathComponent, "has other parameters than when it was described")
        }
        let others = source.pieces.filter { piece in
            !matrices.contains { $0.contains(piece.offset) }
        }
        try WeightPiece.load(others, into: weights.buffer, pool: pool)
        let scratch = FloatBuffer(count: matrices.map(\.count).max() ?? 0)
        for matrix in matrices {
            var pieces = source.pieces.filter { matrix.contains($0.offset) }
            for index in pieces.indices { pieces[index].offset -= matrix.lowerBound }
            try WeightPiece.load(pieces, into: scratch, pool: pool)
            take(matrix, scratch.pointer)
        }
        withExtendedLifetime(scratch) {}
    }

    /// Describes a model and loads it into a new arena.
    /// - Throws: as `describe`; `unsupported` when the machine has not the memory.
    public static func load(
        _ url: URL, pool: WorkerPool? = nil
    ) throws -> (description: ModelDescription, weights: ParameterArena) {
        let source = try source(url)
        let bytes = 4 * source.layout.count
        guard UInt64(bytes) <= ProcessInfo.processInfo.physicalMemory else {
            throw SpinError(
                .unsupported,
                "\(url.lastPathComponent) needs \(bytes >> 20) MiB for its weights alone",
                hint: "this machine has \(ProcessInfo.processInfo.physicalMemory >> 20) MiB")
        }
        let weights = ParameterArena(source.layout)
        try WeightPiece.load(source.pieces, into: weights.buffer, pool: pool)
        return (source.description, weights)
    }

    private static func source(_ url: URL) throws -> ModelSource {
        var isFolder: ObjCBool = false
        let path = url.path(percentEncoded: false)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw SpinError.notFound("model folder or file", path)
        }
        return isFolder.boolValue ? try HuggingFaceFolder(url).source : try GGUFModel(url).source
    }
}

/// A model whose files have been checked: what it is, and where each weight comes from.
struct ModelSource {
    let description: ModelDescription
    let layout: ParameterLayout
    let pieces: [WeightPiece]
}
