import MicroHTTP
import SpinDomain

// Metrics of several jobs in one answer, and what each metric means.

extension Service {
    private static let maximumJobs = 20

    func compareMetrics(_ call: Call) throws -> HTTPResponse {
        let query = try MetricsQuery(call)
        _ = try AcceptHeader(call.request).choose(among: ["application/json"])
        let jobs = try Self.jobs(call.query)
        var bytes = Array("{\"data\":[".utf8)
        if let count = query.buckets {
            try writeBuckets(query, atMost: count, jobs, to: &bytes)
        } else {
            try writeRows(query, jobs, to: &bytes)
        }
        bytes += "}\n".utf8
        return .bytes(bytes, contentType: "application/json")
    }

    private static func jobs(_ query: Query) throws -> [String] {
        guard let text = query.text("jobs"), !text.isEmpty else {
            throw SpinError(
                .malformed, "the query parameter 'jobs' is missing",
                hint: "name the jobs with commas between: ?jobs=job_…,job_…&names=loss")
        }
        let jobs = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard jobs.count <= maximumJobs, Set(jobs).count == jobs.count else {
            throw query.bad("jobs", "expected 1 to \(maximumJobs) jobs, none of them twice")
        }
        return jobs
    }

    /// All at the same width, so that their buckets lie over one another.
    private func writeBuckets(
        _ query: MetricsQuery, atMost count: Int, _ jobs: [String], to bytes: inout [UInt8]
    ) throws {
        let ranges = try jobs.map { try store.stepRange(job: $0, query.selection) }
        let exponent = BucketsPage.exponent(for: ranges.compactMap { $0 }, atMost: count)
        let writer = BucketsWriter()
        for (index, (job, range)) in zip(jobs, ranges).enumerated() {
            let page = try BucketsPage(
                query, job: job, range: range, exponent: exponent, store: store)
            Self.begin(job, isFirst: index == 0, to: &bytes)
            writer.writeColumns(page, to: &bytes)
            bytes += "}".utf8
        }
        bytes += "],\"width\":\(1 << exponent)".utf8
    }

    private func writeRows(
        _ query: MetricsQuery, _ jobs: [String], to bytes: inout [UInt8]
    ) throws {
        let writer = MetricsWriter(columns: query.columns)
        for (index, job) in jobs.enumerated() {
            let page = try MetricsPage(query, job: job, store: store)
            Self.begin(job, isFirst: index == 0, to: &bytes)
            writer.writeColumnData(page, to: &bytes)
            bytes += ",".utf8
            writer.writeEnd(page, to: &bytes)
            bytes += "}".utf8
        }
        bytes += "]".utf8
    }

    private static func begin(_ job: String, isFirst: Bool, to bytes: inout [UInt8]) {
        bytes += "\(isFirst ? "\n" : ",\n"){\"job\":\(JSONValue.string(job).text),".utf8
    }

    func listMetricDefinitions(_ call: Call) throws -> HTTPResponse {
        ListAnswer(MetricDefinition.all, id: { .string($0.name) }, json: \.json).response
    }
}

extension MetricDefinition {
    var json: JSONValue {
        [
            "object": "metric_definition", "name": .string(name), "formula": .string(formula),
            "unit": .string(unit), "mask": .string(mask), "averaging": .string(averaging),
            "direction": .string(direction.rawValue),
        ]
    }
}
