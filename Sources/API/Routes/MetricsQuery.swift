import MicroHTTP
import SpinDomain

/// What a client asks of a job's metrics.
struct MetricsQuery: Sendable {
    /// The names that the query of the route may have.
    static let names = [
        "after_step", "limit", "every", "names", "iteration", "format", "wait",
    ]
    static let maximumLimit = 10_000

    enum Format: String, CaseIterable, Sendable {
        case rows, columns, csv, ndjson

        var mediaType: String {
            switch self {
            case .rows, .columns: "application/json"
            case .csv: "text/csv"
            case .ndjson: "application/x-ndjson"
            }
        }
    }

    let afterStep: Int?
    let limit: Int
    /// Only steps that this divides.
    let every: Int
    let iteration: Int?
    let format: Format
    let waitSeconds: Double
    /// Of `StepMetrics.names`, always with `step`.
    let columns: [String]

    /// - Throws: `malformed` for a bad value, a refusal with 406.
    init(_ call: Call) throws {
        afterStep = try call.query.integer("after_step", in: -1...Int.max)
        limit = try call.query.integer("limit", in: 1...Self.maximumLimit) ?? 1000
        every = try call.query.integer("every", in: 1...Int.max) ?? 1
        iteration = try call.query.integer("iteration", in: 0...10_000)
        waitSeconds = try call.query.number("wait", in: 0...30) ?? 0
        columns = try Self.columns(call.query)
        if let format: Format = try call.query.choice("format") {
            self.format = format
        } else {
            let offers: [Format] = [.rows, .csv, .ndjson]
            let type = try AcceptHeader(call.request).choose(among: offers.map(\.mediaType))
            format = offers.first { $0.mediaType == type } ?? .rows
        }
    }

    private static func columns(_ query: Query) throws -> [String] {
        guard let text = query.text("names") else { return StepMetrics.names }
        let wanted = text.split(separator: ",").map(String.init)
        for name in wanted where !StepMetrics.names.contains(name) {
            throw query.bad(
                "names",
                "'\(name)' is no metric"
                    + Suggestion.text(for: name, among: StepMetrics.names)
                    + "; the metrics are \(StepMetrics.names.joined(separator: ", "))")
        }
        return StepMetrics.names.filter { $0 == "step" || wanted.contains($0) }
    }
}

/// Rows of metrics, and where the next ones begin.
struct MetricsPage: Sendable {
    let rows: [StepMetrics]
    let hasMore: Bool
    /// For the next request's `after_step`; nil while there is nothing to come after.
    let nextAfterStep: Int?

    init(emptyAfter step: Int?) {
        rows = []
        hasMore = false
        nextAfterStep = step
    }

    /// Reads the store page by page until there are enough rows that `every` lets through.
    init(_ query: MetricsQuery, job id: String, store: any JobStore) throws {
        var rows: [StepMetrics] = []
        var last = query.afterStep
        var hasMore = true
        while hasMore, rows.count < query.limit {
            let page = try store.steps(
                job: id, iteration: query.iteration, afterStep: last,
                limit: query.every == 1 ? query.limit - rows.count : MetricsQuery.maximumLimit)
            hasMore = page.hasMore && !page.elements.isEmpty
            for row in page.elements {
                guard rows.count < query.limit else {
                    hasMore = true
                    break
                }
                last = row.step
                if row.step % query.every == 0 { rows.append(row) }
            }
        }
        self.rows = rows
        self.hasMore = hasMore
        nextAfterStep = last
    }
}
