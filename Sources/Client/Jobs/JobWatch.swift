import SpinDomain

/// Keeps a picture of a job up to date until the job is over.
public final class JobWatch {
    /// - Parameter news: events since the last call; empty where only the connection has changed.
    public typealias Show = (_ picture: JobPicture, _ news: [ServerEvent]) throws -> Void

    private static let secondsBetweenCharts = 1.0
    private static let buckets = 60

    private let client: ServerClient
    private let endsWhenIdle: Bool
    private let patienceSeconds: Double
    private let show: Show
    private var picture: JobPicture
    private var chartsAt: ContinuousClock.Instant?

    /// - Parameters:
    ///   - endsWhenIdle: whether a job that waits for somebody is not waited for.
    ///   - patienceSeconds: how long the server may be away.
    public init(
        _ client: ServerClient, _ job: JobState, endsWhenIdle: Bool, patienceSeconds: Double,
        show: @escaping Show
    ) {
        self.client = client
        self.endsWhenIdle = endsWhenIdle
        self.patienceSeconds = patienceSeconds
        self.show = show
        picture = JobPicture(job, of: client.address)
    }

    /// Returns the job as it is in the end.
    ///
    /// - Throws: `ClientError`, and what `show` throws.
    public func run() throws -> JobState {
        let follower = EventFollower(
            client, path: picture.job.path + "/events", patienceSeconds: patienceSeconds,
            report: { [unowned self] in try take($0) },
            receive: { [unowned self] in try take($0) })
        try follower.run()
        try refresh()
        try show(picture, [])
        return picture.job
    }

    private func take(_ change: EventFollower.Change) throws {
        switch change {
        case .connected:
            picture.trouble = nil
            try refresh()
        case .lost(let reason): picture.trouble = reason
        }
        try show(picture, [])
    }

    private func take(_ events: [ServerEvent]) throws -> Bool {
        for event in events { picture.take(event) }
        if picture.isStale {
            try refresh()
        } else if picture.hasNewSteps, isTimeForCharts {
            try refreshCharts()
        }
        try show(picture, events)
        return !(endsWhenIdle && picture.job.waitsForSomebody)
    }

    private var isTimeForCharts: Bool {
        chartsAt.map { $0 + .seconds(Self.secondsBetweenCharts) < .now } ?? true
    }

    private func refresh() throws {
        picture.replace(try client.refreshed(picture.job))
        try refreshCharts()
    }

    private func refreshCharts() throws {
        let names = JobPicture.names.joined(separator: ",")
        let answer = try client.get(
            picture.job.path + "/metrics",
            query: [("buckets", "\(Self.buckets)"), ("names", names)])
        picture.replaceSeries(try answer.json())
        chartsAt = .now
    }
}
