import Foundation
import SpinDomain
import Storage
import Testing

/// Data folders that earlier releases have left (Fixtures/make_fixtures.py).
struct ReleasedSchemaTests {
    @Test(arguments: [1, 2, 8, 9, 10])
    func itsJobsGoOn(schema: Int) throws {
        let folder = try copyOfFixture(schema)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SQLiteStore(dataFolder: folder)
        defer { try? store.close() }
        let jobs = try store.jobs(status: nil, limit: 10, after: nil).elements
        #expect(jobs.map(\.status) == [.waiting, .succeeded])
        let job = try #require(jobs.last)
        #expect(job.configuration.labels == ["kept": "yes"])
        #expect(job.pauseReason == nil)
        let steps = try store.steps(job: job.id, iteration: nil, afterStep: nil, limit: 100)
        #expect(steps.elements.map(\.step) == [0, 1, 2, 3])
        #expect(steps.elements.allSatisfy { ($0.residentBytes == nil) == (schema == 1) })
        #expect(
            try store.samples(job: job.id, iteration: nil, limit: 99, after: nil)
                .elements.count == 16)
        let iterations = try store.iterations(job: job.id)
        #expect(iterations.count == 2)
        #expect(iterations.allSatisfy { ($0.measuredKL != nil) == (schema >= 8) })
        let checkpoints = try store.checkpoints(job: job.id)
        #expect(checkpoints.map(\.step) == [4, 2])
        #expect(checkpoints.allSatisfy { $0.path.hasPrefix(folder + "/checkpoints/") })
        let events = try store.events(job: job.id, afterSequence: 0, limit: 100).elements
        #expect(events.first?.type == "job.created" && events.last?.type == "job.succeeded")
        // What comes next fits in.
        let waiting = try #require(jobs.first)
        let queued = try store.transition(
            job: waiting.id, to: .queued, detail: nil, at: Timestamp(microseconds: 0))
        #expect(queued.status == .queued)
        #expect(try store.values(sql: "PRAGMA foreign_key_check") == [])
    }

    @Test(arguments: [1, 2])
    func itsKeysStillHold(schema: Int) throws {
        let folder = try copyOfFixture(schema)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SQLiteStore(dataFolder: folder)
        defer { try? store.close() }
        let job = try #require(
            try store.jobs(status: .succeeded, limit: 1, after: nil).elements.first)
        let key = IdempotencyKey(
            key: "fixture-1", apiKey: "ada", fingerprint: "POST /v1/jobs\n{}", time: job.createdAt)
        #expect(try store.job(idempotency: key)?.id == job.id)
    }

    @Test func anOlderProgramRefusesTheUpgradedFolder() throws {
        let folder = try copyOfFixture(2)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try SQLiteStore(dataFolder: folder).close()
        let names = ["0001-init.sql", "0002-step-cost.sql"]
        let scripts = try names.map { name in
            let url = Self.root.appending(path: "migrations/" + name)
            return (name: name, text: try String(contentsOf: url, encoding: .utf8))
        }
        let error = expectCode(.unsupported) {
            try SQLiteStore(dataFolder: folder, migrations: Migrations(files: scripts))
        }
        #expect(error?.message.contains("this program knows 2") == true)
        #expect(error?.hint?.contains("newer spind") == true)
    }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func copyOfFixture(_ schema: Int) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-released-\(UUID().uuidString)")
        let name = String(format: "schema-%04d", schema)
        let fixture = Self.root.appending(path: "Tests/StorageTests/Fixtures/\(name)")
        try FileManager.default.copyItem(at: fixture, to: folder)
        return folder.path
    }
}
