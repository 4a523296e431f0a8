public import SpinDomain

/// A job as the server shows it.
public struct JobState: Sendable {
    /// The server's JSON.
    public var json: JSONValue

    public init(_ json: JSONValue) {
        self.json = json
    }

    public var id: String { json["id"]?.string ?? "" }
    public var name: String { json["name"]?.string ?? "" }
    public var path: String { Self.path(id) }
    /// A status that this program does not know counts as running.
    public var status: JobStatus {
        json["status"]?.string.flatMap(JobStatus.init) ?? .running
    }
    public var statusText: String { json["status"]?.string ?? "?" }
    public var statusDetail: String? { json["status_detail"]?.string }
    public var createdAt: String { json["created_at"]?.string ?? "" }
    public var queuePosition: Int? { json["queue_position"]?.integer }

    public var progress: JobProgressState { JobProgressState(json["progress"] ?? .null) }

    static func path(_ id: String) -> String { "/v1/jobs/" + id.percentEncoded }

    /// Whether it goes on only when somebody says so.
    public var waitsForSomebody: Bool {
        status == .waiting || (status == .paused && json["pause_reason"]?.string != "disk_full")
    }

    /// What a person can do next, as a command.
    public var nextCommand: String? {
        switch status {
        case .queued, .running: nil
        case .paused: "spind resume \(id)"
        case .waiting: "spind step \(id)"
        case .succeeded: "spind pull \(id) FOLDER"
        case .failed, .cancelled: "spind retry \(id)"
        }
    }

    /// What a script is told of a job that it waited for.
    public var exitStatus: Int32 {
        switch status {
        case .succeeded: 0
        case .failed: 2
        case .cancelled: 3
        case .queued, .running, .paused, .waiting: 4
        }
    }
}

/// How far a job has come.
public struct JobProgressState: Sendable {
    private let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    public var phase: String? { json["phase"]?.string }
    public var iteration: Int { json["iteration"]?.integer ?? 0 }
    public var iterations: Int { json["iterations_total"]?.integer ?? 0 }
    public var step: Int { json["step"]?.integer ?? 0 }
    public var steps: Int? { json["steps_total"]?.integer }
    public var fraction: Double? { json["fraction"]?.double }
    public var rollout: (done: Int, total: Int) {
        (json["rollout_done"]?.integer ?? 0, json["rollout_total"]?.integer ?? 0)
    }
    public var tokensPerSecond: Double? { json["tokens_per_second"]?.double }
    public var secondsRemaining: Double? { json["seconds_remaining"]?.double }

    /// `12/60`, or `12` while nobody knows how many there will be.
    public var stepText: String { "\(step)" + (steps.map { "/\($0)" } ?? "") }
}
