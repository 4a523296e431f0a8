import Foundation
import Jobs
import MicroHTTP
import SpinDomain

// Submitting, finding, changing and removing jobs.

extension Service {
    func submitJob(_ call: Call) throws -> HTTPResponse {
        let isDry = try call.query.flag("validate_only")
        let document = try call.requiredDocument()
        let configuration = try Self.configuration(document)
        if isDry {
            let estimate = try runner.validate(configuration: configuration)
            return .json([
                "object": "job_validation", "is_valid": true, "estimate": estimate.json,
                "configuration": configuration.json,
            ])
        }
        // What was sent, not what it comes to: that changes with the program's defaults.
        let key = try call.idempotencyKey(meaning: document, at: clock.now())
        return try created(try runner.submit(configuration: configuration, idempotency: key))
    }

    /// Who says no model or no data set may not know what there is.
    private static func configuration(_ document: JSONValue) throws -> JobConfiguration {
        do {
            return try JobConfiguration(json: document)
        } catch let error as SpinError
            where error.problems.contains(where: { ["/model", "/dataset"].contains($0.pointer) })
        {
            throw SpinError(
                error.code, error.message,
                hint: "GET /v1/models and GET /v1/datasets list what there is, POST adds to it",
                problems: error.problems)
        }
    }

    /// A new job with the configuration of this one, changed by the body.
    func cloneJob(_ call: Call) throws -> HTTPResponse {
        let patch = try call.document() ?? .null
        guard patch.isNull || patch.object != nil else {
            throw SpinError.invalid(
                "the change",
                problems: [.init(pointer: "", detail: "expected an object, found \(patch.kind)")])
        }
        let key = try call.idempotencyKey(meaning: patch, at: clock.now())
        return try created(
            try runner.clone(
                job: call.parameter("job"), patch: patch.isNull ? [:] : patch, idempotency: key))
    }

    private func created(_ stored: (job: Job, isNew: Bool)) throws -> HTTPResponse {
        let replayed = stored.isNew ? [] : [(name: "Idempotency-Replayed", value: "true")]
        return try answer(
            stored.job, status: 201, headers: [("Location", Link.job(stored.job.id))] + replayed)
    }

    func listJobs(_ call: Call) throws -> HTTPResponse {
        let status: JobStatus? = try call.query.choice("status")
        let limit = try call.query.integer("limit", in: 1...1000) ?? 50
        let page = try store.jobs(status: status, limit: limit, after: call.query.text("after"))
        let positions = try page.elements.map { job in
            job.status == .queued ? try store.queuePosition(job: job.id) : nil
        }
        return ListAnswer(
            Array(zip(page.elements, positions)), id: { .string($0.0.id) },
            json: { $0.0.json(queuePosition: $0.1) }
        ).paged(page.hasMore, of: call).response
    }

    func showJob(_ call: Call) throws -> HTTPResponse {
        try answer(try store.job(call.parameter("job")))
    }

    func changeJob(_ call: Call) throws -> HTTPResponse {
        let patch = try JobPatch(json: try call.requiredDocument())
        let version = try EntityTag.requiredVersion(call.request)
        let job = try withPrecondition(version, job: call.parameter("job")) { id in
            try runner.change(job: id, patch.change, version: version)
        }
        return try answer(job)
    }

    func deleteJob(_ call: Call) throws -> HTTPResponse {
        let version = try EntityTag.requiredVersion(call.request)
        try withPrecondition(version, job: call.parameter("job")) { try runner.delete(job: $0) }
        return .noContent
    }

    /// A job with its tag, as every route that concerns one job answers.
    func answer(
        _ job: Job, status: Int = 200, headers: [(name: String, value: String)] = []
    ) throws -> HTTPResponse {
        var response = HTTPResponse.json(
            job.json(queuePosition: try store.queuePosition(job: job.id)), status: status,
            headers: headers)
        if case .data(let body) = response.body {
            response.headers.append(("ETag", EntityTag.job(version: job.version, body: body)))
        }
        return response
    }

    /// - Throws: a refusal with 412 when the job has another version than the client has seen.
    private func withPrecondition<Result>(
        _ version: Int?, job id: String, _ change: (String) throws -> Result
    ) throws -> Result {
        if let version {
            let present = try store.job(id).version
            guard present == version else {
                throw Refusal.preconditionFailed(
                    "the job has changed since; its version is \(present), not \(version)")
            }
        }
        return try change(id)
    }
}
