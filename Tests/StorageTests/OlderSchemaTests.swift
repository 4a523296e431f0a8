import Foundation
import SpinDomain
import Storage
import Testing

/// Makes databases as an earlier release left them.
enum OlderSchema {
    static let job = """
        INSERT INTO job (id, status, configuration, model_path, dataset_path, iteration, step, \
        rollout_done, rollout_total, allowed_iterations, created_at, version)
        VALUES ('job_old', 'queued', '{}', '', '', 0, 0, 0, 0, 0, 0, 1)
        """

    /// Inserts steps whose losses go up and down.
    static func steps(_ count: Int) -> String {
        """
        WITH RECURSIVE number (step) AS
            (SELECT 0 UNION ALL SELECT step + 1 FROM number WHERE step < \(count - 1))
        INSERT INTO step_metric (job, step, iteration, epoch, loss, sft_loss, grad_norm, lr, \
        consumed_samples, step_time, tokens_per_second)
        SELECT 'job_old', step, 0, 0, step * 7919 % 1009 / 1009.0, 1, 2, 1, 0, 3, 4 FROM number
        """
    }

    /// A data folder as a program left it that knew only the first scripts.
    static func folder(
        scripts count: Int, in place: TemporaryStore, sql: [String]
    ) throws -> String {
        let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: migrations.path).sorted()
            .prefix(count).map { name in
                let script = migrations.appendingPathComponent(name)
                return (name, try String(contentsOf: script, encoding: .utf8))
            }
        let folder = place.folder + "/older"
        let older = try SQLiteStore(dataFolder: folder, migrations: Migrations(files: files))
        for statement in sql { try older.execute(sql: statement) }
        try older.close()
        return folder
    }
}

struct OlderSchemaTests {
    @Test func stepsFromBeforeTheirCostWasStoredStay() throws {
        let place = try TemporaryStore()
        let step = """
            INSERT INTO step_metric (job, step, iteration, epoch, loss, sft_loss, grad_norm, lr, \
            consumed_samples, step_time, tokens_per_second)
            VALUES ('job_old', 0, 0, 0, 0.5, 1.5, 2, 1e-6, 16, 3, 100)
            """
        let folder = try OlderSchema.folder(
            scripts: 1, in: place, sql: [OlderSchema.job, step])
        let store = try SQLiteStore(dataFolder: folder)
        let rows = try store.steps(job: "job_old", iteration: nil, afterStep: nil, limit: 10)
        #expect(rows.elements.map(\.loss) == [0.5])
        #expect(rows.elements.map(\.mfu) == [nil])
        #expect(rows.elements.map(\.residentBytes) == [nil])
        #expect(rows.elements.map(\.finishedAt) == [nil])
        try store.close()
    }

    @Test func stepsFromBeforeThereWereRollUpsAreRolledUp() throws {
        let place = try TemporaryStore()
        let count = 17_500
        let folder = try OlderSchema.folder(
            scripts: 2, in: place, sql: [OlderSchema.job, OlderSchema.steps(count)])
        let store = try SQLiteStore(dataFolder: folder)
        // 17 blocks of 1024 steps and one of 16 384.
        #expect(
            try store.values(
                sql: "SELECT count(*) FROM metric_rollup WHERE name = 'loss' GROUP BY exponent")
                == ["17", "1"])

        let (other, job) = try placeWithJob()
        let rows = try store.steps(job: "job_old", iteration: nil, afterStep: nil, limit: count)
        try other.store.append(steps: rows.elements, job: job)
        for exponent in [0, 4, 7, 9, 14] {
            let old = try store.buckets(
                job: "job_old", names: ["loss", "lr"], steps: 0..<count, exponent: exponent)
            let new = try other.store.buckets(
                job: job, names: ["loss", "lr"], steps: 0..<count, exponent: exponent)
            #expect(old == new && old[0].count == (count - 1) >> exponent + 1)
        }

        var selection = StepSelection()
        selection.afterSequence = count - 1
        let last = try store.steps(job: "job_old", selection, limit: 10).elements
        #expect(last.map(\.metrics.step) == [count - 1])
        var records = RandomRecords(seed: 1)
        try store.append(steps: [records.metrics(step: 3)], job: "job_old")
        selection.afterSequence = count
        let again = try store.steps(job: "job_old", selection, limit: 10).elements
        #expect(again.map(\.metrics.step) == [3])
        try store.close()
    }
}
