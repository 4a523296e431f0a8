import MicroHTTP
import SpinDomain

// What a run has written so far. Each asks for the job first, so that an unknown one is a 404.

extension Service {
    func listIterations(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        return ListAnswer(
            try store.iterations(job: job.id), id: { .integer($0.iteration) }, json: \.json
        ).response
    }

    func showIteration(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        let number = try call.number("n", kind: "iteration")
        let iterations = try store.iterations(job: job.id)
        guard let record = iterations.first(where: { $0.iteration == number }) else {
            throw SpinError.notFound(
                "iteration", "\(number)", hint: "\(iterations.count) have begun so far")
        }
        return .json(record.json)
    }

    func listValidations(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        return ListAnswer(
            try store.validations(job: job.id), id: { .integer($0.step) }, json: \.json
        ).response
    }

    func listSamples(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        let iteration = try call.query.integer("iteration", in: 0...10_000)
        let limit = try call.query.integer("limit", in: 1...1000) ?? 50
        var after: SampleCursor?
        if let text = call.query.text("after") {
            after = SampleCursor(text: text)
            if after == nil { throw call.query.bad("after", "expected ITERATION.INDEX, as 0.17") }
        }
        let page = try store.samples(job: job.id, iteration: iteration, limit: limit, after: after)
        return ListAnswer(page.elements, id: { .string($0.cursor.text) }, json: \.json)
            .paged(page.hasMore, of: call).compact().response
    }

    func listCheckpoints(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        let checkpoints = try store.checkpoints(job: job.id).map { checkpoint in
            (id: checkpoint.id, json: try json(checkpoint, of: job))
        }
        return ListAnswer(checkpoints, id: { .string($0.id) }, json: { $0.json }).response
    }
}
