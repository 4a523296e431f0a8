public import SpinDomain

/// What a person who watches a job sees.
public struct JobPicture: Sendable {
    /// One number over the steps.
    struct Series: Sendable {
        var name: String
        var values: [Double?]
        var last: Double?
    }

    static let names = ["loss", "acc", "rewards_margin_mean", "grad_norm", "kl_penalty"]
    private static let keptEvents = 50

    public internal(set) var job: JobState
    /// Why there is no connection now.
    public internal(set) var trouble: String?
    let address: ServerAddress
    private(set) var series: [Series] = []
    private(set) var events: [JSONValue] = []
    /// Whether the server is to be asked for the job again.
    private(set) var isStale = false
    private(set) var hasNewSteps = false

    init(_ job: JobState, of address: ServerAddress) {
        self.job = job
        self.address = address
    }

    mutating func take(_ event: ServerEvent) {
        let data = event.json
        switch event.name {
        case "progress": takeProgress(data)
        case "metrics":
            hasNewSteps = true
            for index in series.indices {
                series[index].last = data["last"]?[series[index].name]?.double
            }
        default:
            events = Array((events + [data]).suffix(Self.keptEvents))
            if event.name.hasPrefix("job.") { isStale = true }
        }
    }

    private mutating func takeProgress(_ data: JSONValue) {
        guard var object = job.json.object else { return }
        for key in ["status", "progress"] {
            if let value = data[key] { object[key] = value }
        }
        job.json = .object(object)
    }

    mutating func replace(_ job: JobState) {
        self.job = job
        isStale = false
    }

    /// - Parameter buckets: an answer of `…/metrics?buckets=N`.
    mutating func replaceSeries(_ buckets: JSONValue) {
        series = Self.names.compactMap { name in
            guard let columns = buckets["data"]?[name] else { return nil }
            let values = columns["mean"]?.array?.map(\.double) ?? []
            guard values.contains(where: { $0 != nil }) else { return nil }
            return Series(name: name, values: values, last: columns["last"]?.array?.last?.double)
        }
        hasNewSteps = false
    }

    /// One line for who has no terminal.
    public var line: String {
        let progress = job.progress
        var parts = [job.statusText]
        if job.status == .running, let phase = progress.phase { parts.append(phase) }
        if progress.fraction != nil { parts.append(Quantity.percent(progress.fraction)) }
        parts.append("step \(progress.stepText)")
        parts.append("iteration \(progress.iteration) of \(progress.iterations)")
        for series in series.prefix(3) {
            parts.append("\(series.name) \(Quantity.number(series.last))")
        }
        if let left = progress.secondsRemaining { parts.append("\(Quantity.duration(left)) left") }
        return parts.joined(separator: ", ").forTerminal
    }

    /// An event of the log as one line.
    public static func line(_ event: JSONValue) -> String {
        let type = event["type"]?.string ?? "?"
        let message = event["message"]?.string ?? ""
        return "\(Quantity.clock(event["time"]?.string))  \(type.padded(19)) \(message)".forTerminal
    }
}
