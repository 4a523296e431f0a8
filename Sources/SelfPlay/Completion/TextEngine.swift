import Dispatch
public import SpinDomain
import Tensors
import Transformer

/// Writes texts with models in memory, on threads of its own: the system shares the cores between
/// them and a run's, so neither starves.
public final class TextEngine: TextGenerator {
    /// As a chat goes back and forth between a model and its checkpoint.
    private static let places = 2

    private let shelf: ModelShelf
    private let clock: any Clock
    private let idleSeconds: Double
    private let freeMemory: ModelShelf.FreeMemory

    /// - Parameters:
    ///   - threads: workers of every product, the calling thread included.
    ///   - idleSeconds: how long a model stays in memory without being used.
    ///   - memoryLimitBytes: what a model or a request may need; nil for what the machine has free.
    public init(
        threads: Int, clock: any Clock, idleSeconds: Double = 600, memoryLimitBytes: Int? = nil
    ) {
        let freeMemory: ModelShelf.FreeMemory = { memoryLimitBytes ?? MachineMemory.free() }
        shelf = ModelShelf(
            places: Self.places, pool: WorkerPool(width: threads), clock: clock,
            freeMemory: freeMemory)
        self.clock = clock
        self.idleSeconds = idleSeconds
        self.freeMemory = freeMemory
    }

    public func generate(
        _ request: TextRequest, heed: () throws -> Void, report: (TextEvent) throws -> Void
    ) throws -> TextUsage {
        let start = clock.now()
        let model = try shelf.model(request.modelPath)
        defer { releaseLater() }
        try heed()
        let prompt = try CompletionPrompt(request, for: model.setting)
        try check(Completion.bytes(request, prompt, model.decoder.configuration))
        return try Completion(request, prompt, model).run(
            isLate: { clock.now().seconds(since: start) >= request.timeLimitSeconds },
            heed: heed, report: report)
    }

    /// Lets go of models that nobody has asked for in so many seconds.
    public func releaseModels(unusedFor seconds: Double = 0) {
        shelf.release(unusedFor: seconds)
    }

    /// Paths of the models in memory, the one that was used last at the end.
    package var modelsInMemory: [String] { shelf.paths }

    private func check(_ bytes: Int) throws {
        guard let free = freeMemory(), bytes > free else { return }
        throw SpinError(
            .conflict,
            "the request needs \(bytes >> 20) MiB, but \(free >> 20) MiB are free",
            hint: "ask for fewer tokens or choices, or try again when the running job has ended")
    }

    private func releaseLater() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + idleSeconds) {
            [weak shelf = self.shelf, idleSeconds = self.idleSeconds] in
            shelf?.release(unusedFor: idleSeconds)
        }
    }
}
