import SpinDomain
import Synchronization
import Tensors

/// The models that were used last, since reading and packing one takes longer than a short text.
final class ModelShelf: Sendable {
    private struct Entry {
        let path: String
        let stamp: ModelStamp
        let model: LoadedModel
        var lastUse: Timestamp
    }

    /// What memory there is to be had now, in bytes; nil where unknown.
    typealias FreeMemory = @Sendable () -> Int?

    private let places: Int
    private let pool: WorkerPool
    private let clock: any Clock
    private let freeMemory: FreeMemory
    /// The one that was used last comes last.
    private let entries = Mutex<[Entry]>([])

    /// - Parameter places: most models in memory.
    init(places: Int, pool: WorkerPool, clock: any Clock, freeMemory: @escaping FreeMemory) {
        self.places = places
        self.pool = pool
        self.clock = clock
        self.freeMemory = freeMemory
    }

    /// Reads a model unless it is here already and its files are still the same.
    ///
    /// - Throws: `conflict` when there is not enough memory; what reading a model throws.
    func model(_ path: String) throws -> LoadedModel {
        try entries.withLock { entries in
            let stamp = ModelStamp(path: path)
            if let index = entries.firstIndex(where: { $0.path == path }) {
                var entry = entries.remove(at: index)
                if entry.stamp == stamp {
                    entry.lastUse = clock.now()
                    entries.append(entry)
                    return entry.model
                }
            }
            let setting = try ModelSetting(path: path)
            try makeRoom(LoadedModel.bytes(setting), in: &entries)
            let model = try LoadedModel(setting, path: path, pool: pool)
            entries.append(Entry(path: path, stamp: stamp, model: model, lastUse: clock.now()))
            return model
        }
    }

    private func makeRoom(_ bytes: Int, in entries: inout [Entry]) throws {
        func isTooLarge() -> Bool { freeMemory().map { bytes > $0 } ?? false }
        while entries.count >= places || (isTooLarge() && !entries.isEmpty) {
            entries.removeFirst()
        }
        guard isTooLarge() else { return }
        throw SpinError(
            .conflict,
            "the model needs \(bytes >> 20) MiB, but \((freeMemory() ?? 0) >> 20) MiB are free",
            hint: "try again when the running job has ended, or pause it")
    }

    /// Lets go of models that nobody has asked for in so many seconds; who still writes with one
    /// keeps it until the text is done.
    func release(unusedFor seconds: Double) {
        let now = clock.now()
        entries.withLock { entries in
            entries.removeAll { now.seconds(since: $0.lastUse) >= seconds }
        }
    }

    /// Paths of the models in memory, the one that was used last at the end.
    var paths: [String] { entries.withLock { $0.map(\.path) } }
}
