import Foundation
import SpinDomain
import Testing

/// A client that asks for things at random, and remembers what it was told.
struct HistoryClient {
    private static let mostOpenJobs = 6

    /// By name, which is the idempotency key too.
    var jobs: [String: KnownJob] = [:]
    var random: SplitMix
    private(set) var requests = 0
    private(set) var unknowns = 0

    init(seed: UInt64) {
        random = SplitMix(state: seed)
    }

    /// Sends requests until one has no answer.
    mutating func run(on wire: Wire) {
        while act(on: wire) {
            // Leaves most of the machine to the jobs.
            usleep(UInt32(random.next(below: 6000)))
        }
    }

    /// - Returns: whether the server answered.
    private mutating func act(on wire: Wire) -> Bool {
        let open = jobs.keys.filter { jobs[$0]?.id != nil && jobs[$0]?.finalStatus == nil }.sorted()
        let pick = random.next(below: 100)
        if open.count < Self.mostOpenJobs, pick < 30 { return submitNew(on: wire) }
        if pick < 35 { return submitNonsense(on: wire) }
        if pick < 45 { return submitAgain(on: wire) }
        if pick < 48 { return deleteSomething(on: wire) }
        guard !open.isEmpty else { return submitNew(on: wire) }
        let name = open[Int(random.next(below: UInt64(open.count)))]
        switch pick {
        case ..<56: return pause(name, on: wire)
        case ..<70: return resume(name, on: wire)
        case ..<80: return step(name, on: wire)
        case ..<82: return cancel(name, on: wire)
        case ..<92: return label(name, on: wire)
        default: return send("GET", "/v1/jobs/\(jobs[name]?.id ?? "")", on: wire) != nil
        }
    }

    mutating func send(
        _ method: String, _ path: String, _ body: String = "", type: String = "application/json",
        key: String? = nil, on wire: Wire
    ) -> Wire.Answer? {
        requests += 1
        switch wire.send(method, path, body, type: type, key: key) {
        case .answered(let answer): return answer
        case .unknown, .unsent:
            unknowns += 1
            return nil
        }
    }
}

// Submissions.
extension HistoryClient {
    private mutating func submitNew(on wire: Wire) -> Bool {
        let name = "job-\(jobs.count)"
        jobs[name] = KnownJob(isManual: random.next(below: 3) == 0)
        return submit(name, on: wire)
    }

    /// With its key, which may have come before.
    mutating func submit(_ name: String, on wire: Wire) -> Bool {
        let body = NanoGame.configuration(name: name, isManual: jobs[name]?.isManual ?? false)
        guard let answer = send("POST", "/v1/jobs", body, key: name, on: wire) else { return false }
        guard answer.status == 201, let id = answer.json["id"]?.string else {
            Issue.record("\(name): \(answer.text)")
            return true
        }
        if let earlier = jobs[name]?.id { #expect(id == earlier, "\(name) is there twice") }
        jobs[name]?.existence = .there(id: id)
        return true
    }

    private mutating func submitAgain(on wire: Wire) -> Bool {
        let there = jobs.keys.filter { jobs[$0]?.id != nil && jobs[$0]?.mayBeDeleted == false }
        guard let name = there.sorted().last else { return true }
        return submit(name, on: wire)
    }

    /// Refused, so that it must never appear.
    private mutating func submitNonsense(on wire: Wire) -> Bool {
        let name = "nonsense-\(jobs.count)"
        jobs[name] = KnownJob(isManual: false)
        jobs[name]?.existence = .gone
        let body = NanoGame.configuration(name: name)
            .replacingOccurrences(of: "\"nano\", \"dataset\"", with: "\"none\", \"dataset\"")
        guard let answer = send("POST", "/v1/jobs", body, key: name, on: wire) else { return false }
        #expect(answer.status == 422, "\(answer.text)")
        return true
    }
}

// Steering.
extension HistoryClient {
    private mutating func pause(_ name: String, on wire: Wire) -> Bool {
        guard let answer = post("pause", name, on: wire) else { return false }
        if answer.status < 300 { jobs[name]?.isPaused = true }
        return true
    }

    private mutating func resume(_ name: String, on wire: Wire) -> Bool {
        // Whatever becomes of the request, it may be running from now on.
        jobs[name]?.isPaused = false
        return post("resume", name, on: wire) != nil
    }

    private mutating func cancel(_ name: String, on wire: Wire) -> Bool {
        jobs[name]?.isPaused = false
        guard let answer = post("cancel", name, on: wire) else { return false }
        if answer.status < 300 { jobs[name]?.isCancelAcknowledged = true }
        note(finalStatusIn: answer, of: name)
        return true
    }

    private mutating func step(_ name: String, on wire: Wire) -> Bool {
        guard let job = jobs[name], job.isManual, job.allowed.upperBound < NanoGame.iterations
        else { return true }
        let key = "\(name)-step-\(requests)"
        jobs[name]?.allowed = job.allowed.lowerBound...(job.allowed.upperBound + 1)
        jobs[name]?.openSteps.append(key)
        return step(name, key: key, on: wire)
    }

    /// The same request may be sent again until it is answered.
    mutating func step(_ name: String, key: String, on wire: Wire) -> Bool {
        let path = "/v1/jobs/\(jobs[name]?.id ?? "")/step"
        guard let answer = send("POST", path, key: key, on: wire) else { return false }
        jobs[name]?.openSteps.removeAll { $0 == key }
        guard let job = jobs[name] else { return true }
        if answer.status == 202, let allowed = answer.json["allowed_iterations"]?.integer {
            #expect(job.allowed.contains(allowed), "\(name): \(allowed) in \(job.allowed)")
            jobs[name]?.allowed = max(job.allowed.lowerBound, allowed)...job.allowed.upperBound
        } else {
            // Paused or at its end: nothing has changed.
            #expect(answer.status == 409, "\(answer.text)")
        }
        if jobs[name]?.openSteps.isEmpty == true { settleAllowance(name, on: wire) }
        return true
    }

    /// With no request open the number is known.
    private mutating func settleAllowance(_ name: String, on wire: Wire) {
        let state = send("GET", "/v1/jobs/\(jobs[name]?.id ?? "")", on: wire)?.json
        guard let allowed = state?["allowed_iterations"]?.integer, let job = jobs[name] else {
            return
        }
        #expect(job.allowed.contains(allowed), "\(name): \(allowed) in \(job.allowed)")
        jobs[name]?.allowed = allowed...allowed
    }

    private mutating func label(_ name: String, on wire: Wire) -> Bool {
        let value = "v\(requests)"
        jobs[name]?.labels.insert(value)
        let path = "/v1/jobs/\(jobs[name]?.id ?? "")"
        let body = #"{"labels": {"tag": "\#(value)"}}"#
        guard let answer = send("PATCH", path, body, on: wire) else { return false }
        #expect(answer.status == 200, "\(answer.text)")
        jobs[name]?.labels = [value]
        return true
    }

    private mutating func post(_ action: String, _ name: String, on wire: Wire) -> Wire.Answer? {
        let answer = send("POST", "/v1/jobs/\(jobs[name]?.id ?? "")/\(action)", on: wire)
        if let answer {
            let isExpected = [200, 202, 409].contains(answer.status)
            #expect(isExpected, "\(action) \(name): \(answer.text)")
        }
        return answer
    }

    mutating func note(finalStatusIn answer: Wire.Answer, of name: String) {
        let status = answer.json["status"]?.string ?? ""
        if ["succeeded", "cancelled"].contains(status) { jobs[name]?.finalStatus = status }
        #expect(status != "failed", "\(answer.text)")
    }

    /// Only a job at its end, of which all events have been read.
    private mutating func deleteSomething(on wire: Wire) -> Bool {
        let ended = jobs.keys.sorted().last {
            jobs[$0]?.finalStatus == "cancelled" && jobs[$0]?.id != nil
        }
        guard let name = ended, let id = jobs[name]?.id else { return true }
        guard readEvents(of: name, on: wire) else { return false }
        jobs[name]?.mayBeDeleted = true
        guard let answer = send("DELETE", "/v1/jobs/\(id)", on: wire) else { return false }
        // 404 when an earlier one, whose answer was lost, was carried out.
        #expect([204, 404].contains(answer.status), "\(answer.text)")
        jobs[name]?.existence = .gone
        return true
    }

    /// What was read before must be the beginning of what is read now.
    mutating func readEvents(of name: String, on wire: Wire) -> Bool {
        let path = "/v1/jobs/\(jobs[name]?.id ?? "")/events?limit=1000"
        guard let answer = send("GET", path, on: wire), let job = jobs[name] else { return false }
        guard let list = answer.json["data"]?.array else { return job.mayBeDeleted }
        let events = list.map(\.text)
        let sequences = list.compactMap { Self.sequence($0) }
        #expect(sequences.count == events.count)
        let isIncreasing = zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }
        #expect(isIncreasing, "\(name): \(sequences)")
        #expect(Array(events.prefix(job.events.count)) == job.events, "\(name) lost an event")
        jobs[name]?.events = events
        jobs[name]?.sequences = sequences
        return true
    }

    private static func sequence(_ event: JSONValue) -> Int? {
        event["sequence"]?.integer ?? event["id"]?.integer
    }
}
