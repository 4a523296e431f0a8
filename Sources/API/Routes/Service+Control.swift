import Jobs
import MicroHTTP
import SpinDomain

// Steering a job: what is asked for happens between two steps.

extension Service {
    func stepJob(_ call: Call) throws -> HTTPResponse {
        let id = call.parameter("job")
        let request = try StepRequest(document: try call.document())
        let key = try call.idempotencyKey(meaning: request.json, at: clock.now())
        let job =
            switch request {
            case .iterations(let count):
                try runner.step(job: id, iterations: count, idempotency: key)
            case .steps(let count): try runner.step(job: id, steps: count, idempotency: key)
            }
        return try answer(job, status: 202)
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

    func retryJob(_ call: Call) throws -> HTTPResponse {
        try changed(try runner.retry(job: call.parameter("job")), to: [.running])
    }

    /// A checkpoint at the next step boundary.
    func saveCheckpoint(_ call: Call) throws -> HTTPResponse {
        let job = try runner.saveCheckpoint(job: call.parameter("job"))
        return try answer(
            job, status: 202, headers: [("Location", Link.job(job.id) + "/checkpoints")])
    }

    /// 200 where the job is already as was asked for, 202 while that is still to happen.
    private func changed(_ job: Job, to wanted: [JobStatus]) throws -> HTTPResponse {
        try answer(job, status: wanted.contains(job.status) ? 200 : 202)
    }
}
