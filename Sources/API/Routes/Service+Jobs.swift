import Foundation
import Jobs
import MicroHTTP
import SpinDomain

// Submitting, finding, changing and removing jobs.

extension Service {
    func submitJob(_ call: Call) throws -> HTTPResponse {
        let isDry = try call.query.flag("validate_only")
        let configuration = try JobConfiguration(json: try call.requiredDocument())
        if isDry {
            let estimate = try runner.validate(configuration: configuration)
            return .json([
                "object": "job_validation", "is_valid": true, "estimate": estimate.json,
                "configuration": configuration.json,
            ])
        }
        let key = try Self.idempotencyKey(call.request, configuration)
        let (job, isNew) = try runner.submit(configuration: configuration, idempotency: key)
        let replayed = isNew ? [] : [(name: "Idempotency-Replayed", value: "true")]
        return try answer(job, status: 201, headers: [("Location", Link.job(job.id))] + replayed)
    }

    /// The resolved configuration itself is the fingerprint: two requests are the same when they
    /// ask for the same run, in JSON or in YAML.
    private static func idempotencyKey(
        _ request: HTTPRequest, _ configuration: JobConfiguration
    ) throws -> IdempotencyKey? {
        guard let key = request.header("Idempotency-Key") else { return nil }
        guard (1...255).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw SpinError(
                .malformed, "Idempotency-Key must be 1 to 255 printable ASCII characters")
        }
        return IdempotencyKey(key: key, fingerprint: configuration.json.text)
    }

    func listJobs(_ call: Call) throws -> HTTPResponse {
        let status: JobStatus? = try call.query.choice("status")
        let limit = try call.query.integer("limit", in: 1...1000) ?? 50
        let page = try store.jobs(status: status, limit: limit, after: call.query.text("after"))
        return ListAnswer(page.elements, id: { .string($0.id) }, json: { $0.json() })
            .paged(page.hasMore, of: call).response
    }

    func showJob(_ call: Call) throws -> HTTPResponse {
        try answer(try store.job(call.parameter("job")))
    }

    /// Name and labels, as a merge patch (RFC 7396).
    func changeJob(_ call: Call) throws -> HTTPResponse {
        let patch = try JobPatch(json: try call.requiredDocument())
        let version = try EntityTag.requiredVersion(call.request)
        let job = try withPrecondition(version, job: call.parameter("job")) { id in
            try store.update(job: id, version: version) { try patch.apply(to: &$0.configuration) }
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
            job.json(queuePosition: try queuePosition(of: job)), status: status, headers: headers)
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

    private func queuePosition(of job: Job) throws -> Int? {
        guard job.status == .queued else { return nil }
        let queued = try store.jobs(status: .queued, limit: 1000, after: nil)
        // Newest first; beyond a thousand the exact place says little.
        guard !queued.hasMore, let index = queued.elements.firstIndex(where: { $0.id == job.id })
        else { return nil }
        return queued.elements.count - index
    }
}
