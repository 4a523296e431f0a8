/// The numeric wing as the service sees it: inspects files, checks plans, plays games.
public protocol SelfPlayEngine: Sendable {
    /// - Throws: `damagedFile`, `unsupported`, `inputOutput` for what cannot be used.
    func inspectModel(path: String) throws -> ModelSummary

    /// Reads every line; bad lines are in the summary, not thrown.
    /// - Throws: `inputOutput`, or `invalid` when no line can be used.
    func inspectDataset(path: String) throws -> DatasetSummary

    /// Prepares everything but the run: tokenises the data and compares lengths, batch sizes and
    /// memory with the model and the machine.
    /// - Throws: `invalid` with every problem at once.
    func check(_ plan: RunPlan) throws -> RunEstimate

    /// Plays the game until it ends or `control` stops it; blocks the calling thread.
    ///
    /// Everything worth keeping goes out through `report`, in order, on the calling thread; an
    /// error that `report` throws ends the run.
    func run(
        _ plan: RunPlan, from checkpoint: CheckpointRecord?, archive: any RolloutArchive,
        control: RunControl, report: (RunEvent) throws -> Void
    ) throws -> RunOutcome
}

/// One job, as the engine needs to know it.
public struct RunPlan: Sendable, Equatable {
    public var jobID: String
    public var configuration: JobConfiguration
    public var sources: RunSources
    /// The engine makes one folder a checkpoint in here.
    public var checkpointFolder: String

    public init(
        jobID: String, configuration: JobConfiguration, sources: RunSources,
        checkpointFolder: String
    ) {
        self.jobID = jobID
        self.configuration = configuration
        self.sources = sources
        self.checkpointFolder = checkpointFolder
    }
}

/// What a run will be, before it starts.
public struct RunEstimate: Sendable, Equatable {
    /// Rows that will be used, of how many in the file.
    public var rows: Int
    public var fileRows: Int
    /// Rows left out because prompt and response do not fit.
    public var tooLongRows: Int
    public var validationRows: Int?
    public var stepsPerEpoch: Int
    public var totalSteps: Int
    public var parameters: Int
    public var memoryBytes: Int
    public var checkpointBytes: Int
    /// Of all checkpoints that there may be at one time.
    public var diskBytes = 0
    /// A guess from the operations needed and the machine's speed, right within a factor of two or
    /// three; nil where the speed is not measured.
    public var seconds: Double?
    public var warnings: [String]
    /// The first rows as the model will see them.
    public var firstRows: [TokenisedRow]

    public struct TokenisedRow: Sendable, Equatable {
        public var promptIDs: [Int32]
        public var responseIDs: [Int32]
        public var prompt: String?
        public var response: String?

        public init(promptIDs: [Int32], responseIDs: [Int32], prompt: String?, response: String?) {
            self.promptIDs = promptIDs
            self.responseIDs = responseIDs
            self.prompt = prompt
            self.response = response
        }
    }

    public init(
        rows: Int, fileRows: Int, tooLongRows: Int, validationRows: Int?, stepsPerEpoch: Int,
        totalSteps: Int, parameters: Int, memoryBytes: Int, checkpointBytes: Int,
        warnings: [String], firstRows: [TokenisedRow]
    ) {
        self.rows = rows
        self.fileRows = fileRows
        self.tooLongRows = tooLongRows
        self.validationRows = validationRows
        self.stepsPerEpoch = stepsPerEpoch
        self.totalSteps = totalSteps
        self.parameters = parameters
        self.memoryBytes = memoryBytes
        self.checkpointBytes = checkpointBytes
        self.warnings = warnings
        self.firstRows = firstRows
    }
}

/// Rollouts that are already stored, so that a resumed run need not generate them again.
public protocol RolloutArchive: Sendable {
    /// The samples of an iteration, by `index`; empty when there are none.
    func samples(iteration: Int) throws -> [RolloutSample]
}
