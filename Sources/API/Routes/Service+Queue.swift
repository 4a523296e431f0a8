import MicroHTTP
import SpinDomain

extension Service {
    /// The jobs that wait for the machine, in the order in which they will have it.
    func listQueue(_ call: Call) throws -> HTTPResponse {
        let limit = try call.query.integer("limit", in: 1...1000) ?? 50
        let page = try store.queue(limit: limit, after: call.query.text("after"))
        return ListAnswer(
            page.elements, id: { .string($0.job.id) },
            json: { $0.job.json(queuePosition: $0.position) }
        ).paged(page.hasMore, of: call).response
    }
}
