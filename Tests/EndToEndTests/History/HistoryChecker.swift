import Foundation
import SpinDomain
import Testing

/// Compares what a server shows after its restart with what its client was told before.
struct HistoryChecker {
    let wire: Wire
    let expected: GameBits

    /// Checks every job that can still change, or all of them.
    func check(_ client: inout HistoryClient, isWholeHistory: Bool) throws {
        let present = try allJobs()
        try checkExistence(&client, present)
        for (name, job) in client.jobs where job.id != nil {
            guard isWholeHistory || !job.areBitsChecked else { continue }
            guard let state = present[name]?.first else { continue }
            checkState(state, of: name, &client)
            let isRead = client.readEvents(of: name, on: wire)
            #expect(isRead)
            if client.jobs[name]?.finalStatus == "succeeded", !job.areBitsChecked {
                try checkBits(of: name, &client)
            }
        }
    }

    /// Every job of the server, by name.
    private func allJobs() throws -> [String: [JSONValue]] {
        var jobs: [String: [JSONValue]] = [:]
        var after = ""
        while true {
            let page = try wire.get("/v1/jobs?limit=1000" + after)
            for job in page["data"]?.array ?? [] {
                jobs[job["name"]?.string ?? "", default: []].append(job)
            }
            guard page["has_more"] == true, let last = page["last_id"]?.string else {
                return jobs
            }
            after = "&after=" + last
        }
    }

    // Acknowledged: once. Refused: not at all. Unknown: at most once.
    private func checkExistence(
        _ client: inout HistoryClient, _ present: [String: [JSONValue]]
    ) throws {
        let strangers = present.keys.filter { client.jobs[$0] == nil }
        #expect(strangers.isEmpty, "nobody asked for \(strangers)")
        for (name, job) in client.jobs {
            let ids = (present[name] ?? []).compactMap { $0["id"]?.string }
            #expect(ids.count <= 1, "\(name) is there \(ids.count) times")
            switch job.existence {
            case .gone: #expect(ids.isEmpty, "\(name) was refused or deleted, and is there")
            case .maybe:
                if let id = ids.first { client.jobs[name]?.existence = .there(id: id) }
            case .there(let id):
                if job.mayBeDeleted, ids.isEmpty {
                    client.jobs[name]?.existence = .gone
                } else {
                    #expect(ids == [id], "\(name) was acknowledged as \(id)")
                    client.jobs[name]?.mayBeDeleted = false
                }
            }
        }
    }

    private func checkState(
        _ state: JSONValue, of name: String, _ client: inout HistoryClient
    ) {
        guard let job = client.jobs[name] else { return }
        let status = state["status"]?.string ?? "?"
        if let final = job.finalStatus { #expect(status == final, "\(name) was \(final)") }
        if ["succeeded", "cancelled"].contains(status) { client.jobs[name]?.finalStatus = status }
        #expect(status != "failed", "\(state.text)")
        if job.isCancelAcknowledged {
            #expect(["cancelled", "succeeded"].contains(status), "\(name) is \(status)")
        } else if job.isPaused {
            #expect(["paused", "cancelled", "succeeded"].contains(status), "\(name) is \(status)")
        }
        let label = state["configuration"]?["labels"]?["tag"]?.string
        #expect(job.labels.contains(label), "\(name): \(label ?? "nil") of \(job.labels)")
        client.jobs[name]?.labels = [label]
        let allowed = state["allowed_iterations"]?.integer ?? -1
        #expect(job.allowed.contains(allowed), "\(name): \(allowed) in \(job.allowed)")
    }

    private func checkBits(of name: String, _ client: inout HistoryClient) throws {
        let bits = try GameBits(of: client.jobs[name]?.id ?? "", on: wire)
        #expect(bits == expected, "\(name) ended otherwise than an undisturbed game")
        client.jobs[name]?.areBitsChecked = true
    }

    /// A sequence number is used once, and none is left out: not by a rolled-back transaction, not
    /// by a kill.
    ///
    /// Of deleted jobs all events were read before; of the others at a time when nothing
    /// happens any more.
    func checkThatNoEventIsMissing(_ client: HistoryClient) {
        let all = client.jobs.values.flatMap(\.sequences).sorted()
        #expect(
            all == Array(1..<all.count + 1), "\(all.count) events, the last is \(all.last ?? 0)")
    }
}
