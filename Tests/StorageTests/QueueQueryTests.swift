import Dispatch
import Foundation
import SpinDomain
import Storage
import Synchronization
import Testing

struct QueueQueryTests {
    private let now = Timestamp(microseconds: 1_000_000)

    /// Jobs `job_0` … of these priorities, all queued.
    private func place(priorities: [Int]) throws -> TemporaryStore {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 1)
        for (index, priority) in priorities.enumerated() {
            var job = records.job(id: "job_\(index)", status: .queued)
            job.configuration.priority = priority
            _ = try place.store.insert(job, idempotency: nil)
        }
        return place
    }

    private func order(_ store: SQLiteStore, pageSize: Int = 1000) throws -> [String] {
        var ids: [String] = []
        while true {
            let page = try store.queue(limit: pageSize, after: ids.last)
            for entry in page.elements {
                ids.append(entry.job.id)
                #expect(entry.position == ids.count)
                #expect(try store.queuePosition(job: entry.job.id) == ids.count)
            }
            if !page.hasMore { return ids }
        }
    }

    @Test func theHighestPriorityComesFirstAndThenTheOldest() throws {
        let place = try place(priorities: [0, 5, 0, -1, 5])
        let expected = [1, 4, 0, 2, 3].map { "job_\($0)" }
        for size in [1, 2, 1000] { #expect(try order(place.store, pageSize: size) == expected) }
        var claimed: [String] = []
        while let job = try place.store.claimNextJob(at: now) { claimed.append(job.id) }
        #expect(claimed == expected)
        #expect(try place.store.queuePosition(job: "job_0") == nil)
        expectCode(.notFound) { try place.store.queue(limit: 1, after: "job_none") }
    }

    // Of job_0 … job_3 with priorities 5, 5, 0, 0.
    @Test(arguments: [
        (3, 1, [3, 0, 1, 2], 5), (3, 2, [0, 3, 1, 2], 5), (3, 3, [0, 1, 3, 2], 0),
        (0, 4, [1, 2, 3, 0], 0), (0, 99, [1, 2, 3, 0], 0), (0, 2, [1, 0, 2, 3], 5),
        (1, 2, [0, 1, 2, 3], 5), (1, 0, [1, 0, 2, 3], 5),
    ])
    func aMovedJobTakesAPriorityThatLetsItStandThere(
        job: Int, position: Int, expected: [Int], priority: Int
    ) throws {
        let place = try place(priorities: [5, 5, 0, 0])
        let moved = try place.store.update(
            job: "job_\(job)", version: nil, queuePosition: position
        ) { _ in }
        #expect(moved.configuration.priority == priority)
        #expect(try order(place.store) == expected.map { "job_\($0)" })
        try place.reopen()
        #expect(try order(place.store) == expected.map { "job_\($0)" })
    }

    @Test func whatIsNotQueuedHasNoPlace() throws {
        let place = try place(priorities: [0, 0])
        _ = try place.store.transition(job: "job_0", to: .paused, detail: nil, at: now)
        let error = expectCode(.conflict) {
            try place.store.update(job: "job_0", version: nil, queuePosition: 1) { _ in }
        }
        #expect(error?.message.contains("paused") == true)
        #expect(try order(place.store) == ["job_1"])
        // It kept its place.
        _ = try place.store.transition(job: "job_0", to: .queued, detail: nil, at: now)
        #expect(try order(place.store) == ["job_0", "job_1"])
    }

    @Test func randomMovesGiveTheOrderOfAList() throws {
        let count = 12
        let place = try place(priorities: Array(repeating: 0, count: count))
        var random = SeededRandom(seed: 9)
        var model = (0..<count).map { "job_\($0)" }
        for _ in 0..<60 {
            let from = Int.random(in: 0..<model.count, using: &random)
            let target = Int.random(in: 0..<model.count, using: &random)
            let id = model.remove(at: from)
            model.insert(id, at: target)
            _ = try place.store.update(job: id, version: nil, queuePosition: target + 1) { _ in }
            #expect(try order(place.store) == model)
        }
    }

    @Test func movesAndClaimsAtOnceLoseNoJobAndClaimNoneTwice() throws {
        let count = 40
        let place = try place(priorities: Array(repeating: 0, count: count))
        let store = place.store
        let claimed = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            var random = SeededRandom(seed: UInt64(thread))
            for _ in 0..<10 {
                if thread.isMultiple(of: 2) {
                    if let job = try? store.claimNextJob(at: now) {
                        claimed.withLock { $0.append(job.id) }
                    }
                } else {
                    let id = "job_\(Int.random(in: 0..<count, using: &random))"
                    let position = Int.random(in: 1...count, using: &random)
                    _ = try? store.update(job: id, version: nil, queuePosition: position) { _ in }
                }
            }
        }
        let ids = claimed.withLock { $0 }
        #expect(ids.count == 40)
        #expect(Set(ids).count == 40)
    }

    @Test func jobsFromBeforeTheQueueKeepTheirOrderAndTheirParent() throws {
        let place = try TemporaryStore()
        let folder = place.folder + "/older"
        let scripts = ["0001-init.sql", "0002-step-cost.sql"]
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../migrations")
        let files = try scripts.map { name in
            (
                name: name,
                text: try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
            )
        }
        let older = try SQLiteStore(dataFolder: folder, migrations: Migrations(files: files))
        for (id, model) in [("job_b", "m"), ("job_a", "ckpt_b_4"), ("job_c", "m")] {
            try older.execute(
                sql: """
                    INSERT INTO job (id, status, configuration, model_path, dataset_path, \
                    iteration, step, rollout_done, rollout_total, allowed_iterations, \
                    created_at, version)
                    VALUES ('\(id)', 'queued', '{"model":"\(model)","dataset":"d"}', '', '', \
                    0, 0, 0, 0, 0, 0, 1);
                    INSERT OR IGNORE INTO checkpoint
                    VALUES ('ckpt_b_4', 'job_b', 4, 1, 1, '/c', '[]', NULL, 0);
                    """)
        }
        try older.close()

        let store = try SQLiteStore(dataFolder: folder)
        #expect(try order(store) == ["job_b", "job_a", "job_c"])
        #expect(try store.job("job_a").parentCheckpoint == "ckpt_b_4")
        #expect(try store.job("job_b").parentCheckpoint == nil)
        #expect(try store.children(ofCheckpoint: "ckpt_b_4") == ["job_a"])
        #expect(try store.checkpoint("ckpt_b_4").isPinned == false)
        try store.close()
    }
}
