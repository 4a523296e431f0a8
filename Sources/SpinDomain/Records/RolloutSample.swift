/// One pair of an iteration: the prompt, the actual response, and what the reference policy wrote.
public struct RolloutSample: Sendable, Equatable {
    public enum StopReason: String, Sendable, CaseIterable {
        /// A stop token was drawn.
        case stopToken = "stop_token"
        case endString = "end_string"
        /// The token budget was used up: the response is truncated.
        case length
    }

    /// The iteration whose pairs it belongs to.
    public var iteration: Int
    /// Place within the iteration: epochs' and earlier iterations' pairs follow each other.
    public var index: Int
    /// The epoch it was drawn for; 0 unless `regenerate: epoch`.
    public var epoch: Int
    /// Whose policy wrote the generated response: `iteration`, or one before it when pairs are mixed in.
    public var sourceIteration: Int
    /// Row of the prepared data set, from 0.
    public var row: Int
    public var promptIDs: [Int32]
    public var actualIDs: [Int32]
    public var generatedIDs: [Int32]
    public var prompt: String?
    public var actual: String?
    public var generated: String?
    /// Summed natural log-probabilities under this iteration's reference policy, over the scored window.
    public var referenceLogpActual: Double
    public var referenceLogpGenerated: Double
    public var stopReason: StopReason

    public init(
        iteration: Int, index: Int, epoch: Int, sourceIteration: Int, row: Int,
        promptIDs: [Int32], actualIDs: [Int32], generatedIDs: [Int32], prompt: String? = nil,
        actual: String? = nil, generated: String? = nil, referenceLogpActual: Double,
        referenceLogpGenerated: Double, stopReason: StopReason
    ) {
        self.iteration = iteration
        self.index = index
        self.epoch = epoch
        self.sourceIteration = sourceIteration
        self.row = row
        self.promptIDs = promptIDs
        self.actualIDs = actualIDs
        self.generatedIDs = generatedIDs
        self.prompt = prompt
        self.actual = actual
        self.generated = generated
        self.referenceLogpActual = referenceLogpActual
        self.referenceLogpGenerated = referenceLogpGenerated
        self.stopReason = stopReason
    }
}
