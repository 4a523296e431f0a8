import Foundation
import ModelFiles
import SpinDomain
import Tensors

/// Optimizer moments that wait in a file while responses are generated
/// (`spin.offload_adam_states`), so that the cache may have their memory.
struct MomentStorage {
    private let file: URL
    private let family: ModelFamily
    private let pool: WorkerPool

    init(folder: URL, family: ModelFamily, pool: WorkerPool) {
        file = folder.appending(path: "waiting-moments.safetensors")
        self.family = family
        self.pool = pool
    }

    /// Runs `body` with the moments in the file; they are back, bit for bit, when it returns.
    ///
    /// When `body` throws they stay out: the checkpoint that a resume reads has them.
    func withMomentsStored<Result>(
        of optimizer: Optimizer, _ body: () throws -> Result
    ) throws -> Result {
        try createFolder()
        _ = try ArenaFile.write(optimizer.arenas, family: family, to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        optimizer.releaseMemory()
        let result = try body()
        optimizer.restoreMemory()
        try ArenaFile.read(file, into: optimizer.arenas, family: family, pool: pool)
        return result
    }

    /// The first rollout comes before the first checkpoint.
    private func createFolder() throws {
        let folder = file.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
        } catch {
            throw SpinError(
                .inputOutput, "cannot create the folder \(folder.path(percentEncoded: false))",
                hint: error.localizedDescription)
        }
    }
}
