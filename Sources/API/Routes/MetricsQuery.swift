import MicroHTTP
import SpinDomain

/// What a client asks of metrics, of one job or of several.
struct MetricsQuery: Sendable {
    /// The names that the query of the routes may have.
    static let shared = [
        "after_step", "before_step", "limit", "every", "names", "iteration", "buckets",
    ]
    static let names = shared + ["after_seq", "format", "wait"]
    static let maximumLimit = 10_000
    static let maximumBuckets = 4096

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

    private(set) var selection = StepSelection()
    let limit: Int
    /// At most so many buckets instead of rows.
    let buckets: Int?
    let format: Format
    let waitSeconds: Double
    /// Always with `step`.
    let columns: [StepMetric]

    /// - Throws: `malformed` for a bad value, a refusal with 406.
    init(_ call: Call) throws {
        let query = call.query
        selection.afterStep = try query.integer("after_step", in: -1...Int.max)
        selection.beforeStep = try query.integer("before_step", in: 0...Int.max)
        selection.afterSequence = try query.integer("after_seq", in: 0...Int.max)
        selection.every = try query.integer("every", in: 1...Int.max) ?? 1
        selection.iterations = try Self.iterations(query)
        limit = try query.integer("limit", in: 1...Self.maximumLimit) ?? 1000
        buckets = try query.integer("buckets", in: 1...Self.maximumBuckets)
        waitSeconds = try query.number("wait", in: 0...30) ?? 0
        columns = try Self.columns(query)
        let usual: Format = buckets == nil ? .rows : .columns
        if let format: Format = try query.choice("format") {
            self.format = format
        } else {
            let offers: [Format] = [usual, .csv, .ndjson]
            let type = try AcceptHeader(call.request).choose(among: offers.map(\.mediaType))
            format = offers.first { $0.mediaType == type } ?? usual
        }
        if buckets != nil { try Self.refuseWhatNeedsRows(query) }
    }

    private static func refuseWhatNeedsRows(_ query: Query) throws {
        for name in ["after_seq", "limit", "every", "wait"] where query.text(name) != nil {
            throw SpinError(
                .malformed, "'\(name)' is about single rows and cannot be used with 'buckets'",
                hint: "with 'buckets' go: names, iteration, after_step, before_step, format")
        }
    }

    /// `3`, or `3..5` with both ends within.
    private static func iterations(_ query: Query) throws -> ClosedRange<Int>? {
        guard let text = query.text("iteration") else { return nil }
        let ends = text.split(separator: ".", omittingEmptySubsequences: false)
        let digits = ends.filter { $0.utf8.allSatisfy { (48...57).contains($0) } }
        let numbers = digits.compactMap { Int($0) }.filter { (0...10_000).contains($0) }
        switch (ends.count, numbers.count) {
        case (1, 1): return numbers[0]...numbers[0]
        case (3, 2) where ends[1].isEmpty && numbers[0] <= numbers[1]:
            return numbers[0]...numbers[1]
        default:
            throw query.bad("iteration", "expected a number from 0 to 10000, or two as 3..5")
        }
    }

    /// Names with commas between; `reward*` stands for all that begin so.
    private static func columns(_ query: Query) throws -> [StepMetric] {
        guard let text = query.text("names") else { return StepMetric.allCases }
        let wanted = text.split(separator: ",").map(String.init)
        func matches(_ name: String, _ wanted: String) -> Bool {
            wanted.hasSuffix("*") ? name.hasPrefix(wanted.dropLast()) : name == wanted
        }
        for one in wanted where !StepMetrics.names.contains(where: { matches($0, one) }) {
            throw query.bad(
                "names",
                "'\(one)' is no metric" + Suggestion.text(for: one, among: StepMetrics.names)
                    + "; the metrics are \(StepMetrics.names.joined(separator: ", "))")
        }
        return StepMetric.allCases.filter { metric in
            metric == .step || wanted.contains { matches(metric.rawValue, $0) }
        }
    }
}

/// Rows of metrics, and where the next ones begin.
struct MetricsPage: Sendable {
    /// For the next request.
    enum Cursor: Sendable {
        /// `after_step`; nil while there is nothing to come after.
        case step(Int?)
        /// `after_seq`.
        case sequence(Int)

        var name: String {
            switch self {
            case .step: "after_step"
            case .sequence: "after_seq"
            }
        }

        var value: Int? {
            switch self {
            case .step(let step): step
            case .sequence(let sequence): sequence
            }
        }
    }

    let rows: [StepMetrics]
    let hasMore: Bool
    let next: Cursor

    /// What there is when nothing has come.
    init(emptyFor query: MetricsQuery) {
        rows = []
        hasMore = false
        next = Self.cursor(query, last: nil)
    }

    init(_ query: MetricsQuery, job id: String, store: any JobStore) throws {
        let page = try store.steps(job: id, query.selection, limit: query.limit)
        rows = page.elements.map(\.metrics)
        hasMore = page.hasMore
        next = Self.cursor(query, last: page.elements.last)
    }

    private static func cursor(_ query: MetricsQuery, last: StoredStep?) -> Cursor {
        if let asked = query.selection.afterSequence { return .sequence(last?.sequence ?? asked) }
        return .step(last?.metrics.step ?? query.selection.afterStep)
    }
}
