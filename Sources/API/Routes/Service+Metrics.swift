import MicroHTTP
import SpinDomain

// Metrics of one job, now or as soon as there are some.

extension Service {
    func listMetrics(_ call: Call) throws -> HTTPResponse {
        let query = try MetricsQuery(call)
        let job = try store.job(call.parameter("job"))
        if let count = query.buckets {
            let page = try BucketsPage(query, atMost: count, job: job.id, store: store)
            return .bytes(
                BucketsWriter().write(page, as: query.format), contentType: query.format.mediaType,
                headers: [("X-Bucket-Width", "\(1 << page.exponent)")])
        }
        let page = try MetricsPage(query, job: job.id, store: store)
        guard page.rows.isEmpty, query.waitSeconds > 0, !job.status.isFinal,
            !call.request.isHead
        else { return Self.answer(page, query) }
        return try waitForMetrics(query, job: job.id)
    }

    func listMetricNames(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        let names = StepMetrics.names.filter { $0 != "step" }
        var summaries: [(name: String, bucket: MetricBucket)] = []
        if let range = try store.stepRange(job: job.id, StepSelection()) {
            // One bucket that holds every step there can be.
            let all = try store.buckets(job: job.id, names: names, steps: range, exponent: 62)
            summaries = zip(names, all).compactMap { name, buckets in
                buckets.first.map { (name, $0) }
            }
        }
        return ListAnswer(
            summaries, id: { .string($0.name) }, json: { Self.summary($0.name, $0.bucket) }
        ).response
    }

    private static func summary(_ name: String, _ bucket: MetricBucket) -> JSONValue {
        [
            "object": "metric", "name": .string(name), "count": .integer(bucket.count),
            "nonfinite": .integer(bucket.nonfinite), "first_step": .integer(bucket.firstStep),
            "last_step": .integer(bucket.lastStep),
            "last": bucket.hasFinite ? .number(bucket.last) : .null,
            "min": bucket.hasFinite ? .number(bucket.minimum) : .null,
            "max": bucket.hasFinite ? .number(bucket.maximum) : .null,
        ]
    }

    private static func answer(_ page: MetricsPage, _ query: MetricsQuery) -> HTTPResponse {
        let bytes = MetricsWriter(columns: query.columns).write(page, as: query.format)
        var headers: [(name: String, value: String)] = []
        // CSV has no place of its own for it.
        if let next = page.next.value {
            let name =
                query.selection.afterSequence == nil ? "X-Next-After-Step" : "X-Next-After-Seq"
            headers.append((name, "\(next)"))
        }
        if page.hasMore { headers.append(("X-Has-More", "true")) }
        return .bytes(bytes, contentType: query.format.mediaType, headers: headers)
    }

    private func waitForMetrics(_ query: MetricsQuery, job id: String) throws -> HTTPResponse {
        let deferred = DeferredResponse(timeoutSeconds: query.waitSeconds) {
            Self.answer(MetricsPage(emptyFor: query), query)
        }
        try watch.add {
            if deferred.isComplete { return true }
            // The status first: rows that follow a final one do not come.
            guard let isOver = try? store.job(id).status.isFinal,
                let page = try? MetricsPage(query, job: id, store: store)
            else { return true }
            guard isOver || !page.rows.isEmpty else { return false }
            deferred.complete(Self.answer(page, query))
            return true
        }
        return .deferred(deferred)
    }
}
