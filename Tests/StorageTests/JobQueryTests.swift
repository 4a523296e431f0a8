import Dispatch
import SpinDomain
import Storage
import Synchronization
import Testing

struct JobQueryTests {
    private let now = Timestamp(microseconds: 1_000_000)

    @Test func everyEdgeIsTakenAndEveryOtherRefused() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 1)
        for old in JobStatus.allCases {
            for new in JobStatus.allCases {
                let id = "job_\(old)_\(new)"
                let job = records.job(id: id, status: old)
                _ = try place.store.insert(job, idempotency: nil)
                let move = { try place.store.transition(job: id, to: new, detail: "d", at: now) }
                if old.canBecome(new) {
                    let moved = try move()
                    #expect(moved.status == new)
                    #expect(moved.version == job.version + 1)
                    #expect(try place.store.job(id) == moved)
                    #expect(try place.store.events(job: id, afterSequence: 0, limit: 9).count == 2)
                } else {
                    let error = expectCode(.conflict, move)
                    #expect(error?.message.contains(old.rawValue) == true)
                    #expect(try place.store.job(id) == job)
                }
            }
        }
    }

    @Test func transitionsStampTimesAndNameTheirEvents() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 2)
        var job = records.job(id: "job_one")
        (job.startedAt, job.finishedAt) = (nil, nil)
        _ = try place.store.insert(job, idempotency: nil)
        let path: [JobStatus] = [.running, .paused, .queued, .running, .waiting, .queued, .running]
        for (index, status) in (path + [.succeeded]).enumerated() {
            let time = Timestamp(microseconds: index)
            _ = try place.store.transition(job: job.id, to: status, detail: nil, at: time)
        }
        let stored = try place.store.job(job.id)
        #expect(stored.startedAt == Timestamp(microseconds: 0))
        #expect(stored.finishedAt == Timestamp(microseconds: 7))
        let events = try place.store.events(job: job.id, afterSequence: 0, limit: 100).elements
        #expect(
            events.map(\.type) == [
                "job.created", "job.started", "job.paused", "job.resumed", "job.started",
                "job.waiting", "job.queued", "job.started", "job.succeeded",
            ])
    }

    @Test func theOldestQueuedJobIsClaimedOnce() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 3)
        for index in 0..<3 {
            let status: JobStatus = index == 0 ? .paused : .queued
            _ = try place.store.insert(
                records.job(id: "job_\(index)", status: status), idempotency: nil)
        }
        #expect(try place.store.claimNextJob(at: now)?.id == "job_1")
        #expect(try place.store.claimNextJob(at: now)?.id == "job_2")
        #expect(try place.store.claimNextJob(at: now) == nil)
        #expect(try place.store.job("job_1").status == .running)
    }

    @Test func pagesOfJobsAreNewestFirstAndDoNotOverlap() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 4)
        for index in 0..<23 {
            let status: JobStatus = index.isMultiple(of: 2) ? .queued : .paused
            _ = try place.store.insert(
                records.job(id: "job_\(index)", status: status), idempotency: nil)
        }
        #expect(try pages(place.store, status: nil) == (0..<23).reversed().map { "job_\($0)" })
        let even = (0..<23).reversed().filter { $0.isMultiple(of: 2) }.map { "job_\($0)" }
        #expect(try pages(place.store, status: .queued) == even)
        expectCode(.notFound) {
            try place.store.jobs(status: nil, limit: 5, after: "job_none")
        }
    }

    private func pages(_ store: SQLiteStore, status: JobStatus?) throws -> [String] {
        var ids: [String] = []
        while true {
            let page = try store.jobs(status: status, limit: 5, after: ids.last)
            #expect(page.elements.count <= 5)
            ids += page.elements.map(\.id)
            if !page.hasMore { return ids }
        }
    }

    @Test func updatesChangeOnlyWhatMayBeChanged() throws {
        let (place, id) = try placeWithJob()
        let before = try place.store.job(id)
        let after = try place.store.update(job: id, version: before.version) { job in
            job.configuration.name = "new"
            job.configuration.labels = ["a": "b"]
            job.allowedIterations = 7
            job.statusDetail = "soon"
            job.status = .succeeded
            job.configuration.seed = 1
            job.configuration.priority = 3
            job.configuration.spin.maxIterations = 9
            job.configuration.spin.refPolicyKLPenalty = .constant(2)
            job.allowedSteps = 5
        }
        #expect(after.configuration.name == "new")
        #expect(after.configuration.labels == ["a": "b"])
        #expect(after.allowedIterations == 7)
        #expect(after.allowedSteps == 5)
        #expect(after.configuration.priority == 3)
        #expect(after.configuration.spin.maxIterations == 9)
        #expect(after.configuration.spin.refPolicyKLPenalty == .constant(2))
        #expect(after.statusDetail == "soon")
        #expect(after.status == before.status)
        #expect(after.configuration.seed == before.configuration.seed)
        #expect(after.version == before.version + 1)
        #expect(try place.store.job(id) == after)
        expectCode(.conflict) {
            try place.store.update(job: id, version: before.version) { _ in }
        }
        #expect(try place.store.update(job: id, version: nil) { _ in }.version == after.version)
    }

    @Test func concurrentUpdatesAreNotLost() throws {
        let (place, id) = try placeWithJob()
        let before = try place.store.job(id)
        let store = place.store
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<5 {
                _ = try? store.update(job: id, version: nil) { $0.allowedIterations += 1 }
            }
        }
        let after = try place.store.job(id)
        #expect(after.allowedIterations == before.allowedIterations + 40)
        #expect(after.version == before.version + 40)
    }

    @Test func oneKeyMakesOneJobHoweverManyAsk() throws {
        let place = try TemporaryStore()
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        let answers = Mutex<[(id: String, isNew: Bool)]>([])
        let store = place.store
        DispatchQueue.concurrentPerform(iterations: 8) { index in
            var records = RandomRecords(seed: UInt64(index))
            let job = records.job(id: "job_\(index)")
            if let answer = try? store.insert(job, idempotency: key) {
                answers.withLock { $0.append((answer.job.id, answer.isNew)) }
            }
        }
        let got = answers.withLock { $0 }
        #expect(got.count == 8)
        #expect(Set(got.map(\.id)).count == 1)
        #expect(got.count { $0.isNew } == 1)
        #expect(try place.store.jobs(status: nil, limit: 10, after: nil).elements.count == 1)
        #expect(try place.store.job(idempotency: key)?.id == got.first?.id)
    }

    @Test func aKeyWithAnotherRequestIsRefused() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 5)
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        let other = IdempotencyKey(key: "k", fingerprint: "g", time: now)
        #expect(try place.store.job(idempotency: key) == nil)
        _ = try place.store.insert(records.job(id: "job_1"), idempotency: key)
        let second = records.job(id: "job_2")
        expectCode(.keyReused) { try place.store.insert(second, idempotency: other) }
        expectCode(.keyReused) { try place.store.job(idempotency: other) }
    }

    /// A day, in microseconds.
    private static let day = 86_400_000_000

    @Test(arguments: [
        (0, true), (day - 1, true), (day, true), (day + 1, false), (365 * day, false),
        // A clock that was set back by a minute, and by a year.
        (-60_000_000, true), (-365 * day, false),
    ])
    func aKeyIsKeptForADay(later: Int, isKept: Bool) throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 5)
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        _ = try place.store.insert(records.job(id: "job_1"), idempotency: key)
        let again = IdempotencyKey(
            key: "k", fingerprint: "f",
            time: Timestamp(microseconds: now.microseconds + later))
        #expect((try place.store.job(idempotency: again) != nil) == isKept)
        let answer = try place.store.insert(records.job(id: "job_2"), idempotency: again)
        #expect(answer.isNew == !isKept)
        // What has expired is not kept for ever.
        #expect(try place.store.values(sql: "SELECT COUNT(*) FROM idempotency") == ["1"])
    }

    @Test func aChangeAndItsKeyAreOne() throws {
        let (place, id) = try placeWithJob(status: .waiting)
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try place.store.update(job: id, version: nil, idempotency: key) { _ in throw Stop() }
        }
        #expect(try place.store.job(idempotency: key) == nil)
        let changed = try place.store.update(job: id, version: nil, idempotency: key) {
            $0.allowedIterations += 1
        }
        #expect(try place.store.job(idempotency: key) == changed)
        expectCode(.conflict) {
            try place.store.update(job: id, version: nil, idempotency: key) {
                $0.allowedIterations += 1
            }
        }
        #expect(try place.store.job(id) == changed)
    }

    @Test func onlyAPauseHasAReason() throws {
        let (place, id) = try placeWithJob(status: .running)
        let paused = try place.store.transition(
            job: id, to: .paused, detail: "full", reason: .diskFull, at: now)
        #expect(paused.pauseReason == .diskFull)
        #expect(try place.store.job(id) == paused)
        let queued = try place.store.transition(
            job: id, to: .queued, detail: nil, reason: .diskFull, at: now)
        #expect(queued.pauseReason == nil)
    }

    @Test func runningJobsCannotBeDeleted() throws {
        let (place, id) = try placeWithJob(status: .running)
        expectCode(.conflict) { try place.store.delete(job: id) }
        #expect(try place.store.job(id).status == .running)
    }

    @Test func aDeletedJobLeavesNoRows() throws {
        let (place, id) = try placeWithJob(status: .paused)
        var records = RandomRecords(seed: 6)
        try place.store.append(steps: [records.metrics(step: 0)], job: id)
        try place.store.append(samples: [records.sample(iteration: 0, index: 0)], job: id)
        try place.store.append(validation: records.validation(step: 0), job: id)
        try place.store.save(iteration: records.iteration(0), job: id)
        try place.store.insert(checkpoint: records.checkpoint(job: id, step: 1))
        _ = try place.store.insert(
            records.job(id: "job_two"),
            idempotency: IdempotencyKey(key: "k", fingerprint: "f", time: now))
        try place.store.delete(job: id)
        try place.store.delete(job: "job_two")
        let tables = try place.store.values(
            sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        #expect(tables.count == 13)
        for table in tables {
            #expect(
                try place.store.values(sql: "SELECT COUNT(*) FROM \(table)") == ["0"], "\(table)")
        }
        expectCode(.notFound) { try place.store.delete(job: id) }
    }

    @Test func sequencesOfEventsAreNeverUsedTwice() throws {
        let (place, id) = try placeWithJob()
        let last = try place.store.events(job: id, afterSequence: 0, limit: 9).elements.last
        try place.store.delete(job: id)
        var records = RandomRecords(seed: 7)
        _ = try place.store.insert(records.job(id: "job_two"), idempotency: nil)
        let next = try place.store.events(job: "job_two", afterSequence: 0, limit: 9).elements[0]
        #expect(next.sequence > (last?.sequence ?? 0))
    }

    @Test func progressIsWrittenAndIsNoChangeOfTheJob() throws {
        let (place, id) = try placeWithJob()
        let before = try place.store.job(id)
        var records = RandomRecords(seed: 8)
        let progress = records.progress()
        try place.store.setProgress(job: id, progress)
        try place.store.setProgress(job: id, progress)
        let after = try place.store.job(id)
        #expect(after.progress == progress)
        #expect(after.version == before.version)
    }
}

extension Page {
    fileprivate var count: Int { elements.count }
}

private let now = Timestamp(microseconds: 1_700_000_000_000_000)
