/// The log of all jobs, for those who follow it.
public protocol EventStore: Sendable {
    /// Of all jobs, ascending by sequence.
    func events(afterSequence: Int, limit: Int) throws -> Page<JobEvent>
    /// The highest sequence; 0 when there is no event.
    func lastEventSequence() throws -> Int
    /// For those who only want to know whether a job goes on.
    func status(job id: String) throws -> JobStatus
}
