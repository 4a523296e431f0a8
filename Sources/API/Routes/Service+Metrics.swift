import MicroHTTP
import SpinDomain

// Metrics, now or as soon as there are some.

extension Service {
    func listMetrics(_ call: Call) throws -> HTTPResponse {
        let query = try MetricsQuery(call)
        let job = try store.job(call.parameter("job"))
        let page = try MetricsPage(query, job: job.id, store: store)
        guard page.rows.isEmpty, query.waitSeconds > 0, !job.status.isFinal,
            !call.request.isHead
        else { return Self.answer(page, query) }
        return try waitForMetrics(query, job: job.id)
    }

    private static func answer(_ page: MetricsPage, _ query: MetricsQuery) -> HTTPResponse {
        let bytes = MetricsWriter(columns: query.columns).write(page, as: query.format)
        var headers: [(name: String, value: String)] = []
        // CSV has no place of its own for it.
        if let next = page.nextAfterStep { headers.append(("X-Next-After-Step", "\(next)")) }
        if page.hasMore { headers.append(("X-Has-More", "true")) }
        return .bytes(bytes, contentType: query.format.mediaType, headers: headers)
    }

    private func waitForMetrics(_ query: MetricsQuery, job id: String) throws -> HTTPResponse {
        let deferred = DeferredResponse(timeoutSeconds: query.waitSeconds) {
            // Nothing has come: the page is empty, and says where to go on.
            Self.answer(MetricsPage(emptyAfter: query.afterStep), query)
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
