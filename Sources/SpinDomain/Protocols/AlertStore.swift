/// What a job's runs have warned of.
public protocol AlertStore: Sendable {
    /// The `alert.…` events of a job, ascending by sequence.
    func alerts(job id: String) throws -> [JobEvent]
}
