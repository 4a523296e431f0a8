import Jobs
import MicroHTTP
import SpinDomain

// Steering a job: what is asked for happens at the next step boundary.

extension Service {
    /// An empty body asks for one iteration.
    func stepJob(_ call: Call) throws -> HTTPResponse {
        let iterations = try Self.iterations(in: try call.document())
        return try answer(
            try runner.step(job: call.parameter("job"), iterations: iterations), status: 202)
    }

    private static func iterations(in document: JSONValue?) throws -> Int {
        guard let document, document != .null else { return 1 }
        guard let object = document.object else {
            throw invalidStep("", "expected an object, found \(document.kind)")
        }
        if let key = object.keys.first(where: { $0 != "iterations" }) {
            throw invalidStep(
                "/" + key, "unknown key" + Suggestion.text(for: key, among: ["iterations"]))
        }
        guard let value = object["iterations"] else { return 1 }
        guard let iterations = value.integer, (1...10_000).contains(iterations) else {
            throw invalidStep("/iterations", "expected a whole number from 1 to 10000")
        }
        return iterations
    }

    private static func invalidStep(_ pointer: String, _ detail: String) -> SpinError {
        .invalid("the request", problems: [.init(pointer: pointer, detail: detail)])
    }

    func pauseJob(_ call: Call) throws -> HTTPResponse {
        try changed(try runner.pause(job: call.parameter("job")), to: [.paused])
    }

    func resumeJob(_ call: Call) throws -> HTTPResponse {
        try changed(try runner.resume(job: call.parameter("job")), to: [.running])
    }

    func cancelJob(_ call: Call) throws -> HTTPResponse {
        try changed(try runner.cancel(job: call.parameter("job")), to: [.cancelled])
    }

    /// 200 where the job is already as was asked for, 202 while that is still to happen.
    private func changed(_ job: Job, to wanted: [JobStatus]) throws -> HTTPResponse {
        try answer(job, status: wanted.contains(job.status) ? 200 : 202)
    }
}
