/// Writes texts with models; the numeric wing as the completion routes see it.
public protocol TextGenerator: Sendable {
    /// Writes the texts of a request; blocks the calling thread.
    ///
    /// - Parameters:
    ///   - heed: called between tokens and between parts of a long prompt; what it throws ends the
    ///     generation.
    ///   - report: takes what happens, on the calling thread; what it throws ends the generation.
    /// - Throws: `invalid` for what this model cannot do, with pointers to `/prompt`, `/messages`
    ///   and `/max_tokens`; `conflict` when the memory does not suffice at present; what loading a
    ///   model throws.
    func generate(
        _ request: TextRequest, heed: () throws -> Void, report: (TextEvent) throws -> Void
    ) throws -> TextUsage
}
