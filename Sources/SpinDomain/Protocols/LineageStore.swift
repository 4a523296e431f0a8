/// What came from which checkpoint, and which checkpoints are to stay.
public protocol LineageStore: Sendable {
    /// The checkpoint in a folder; nil when there is none.
    func checkpoint(path: String) throws -> CheckpointRecord?
    /// The ids of the jobs whose model a checkpoint is, oldest first.
    func children(ofCheckpoint id: String) throws -> [String]
    /// Changes pin and note; other changes are ignored.
    func update(
        checkpoint id: String, _ change: @Sendable (inout CheckpointRecord) throws -> Void
    ) throws -> CheckpointRecord
}
