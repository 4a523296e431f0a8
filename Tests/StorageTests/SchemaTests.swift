import Foundation
import SpinDomain
import Storage
import Testing

struct SchemaTests {
    private static let job = """
        INSERT INTO job (id, status, configuration, model_path, dataset_path, iteration, step, \
        rollout_done, rollout_total, allowed_iterations, created_at, version)
        """

    @Test(arguments: [
        ("id", "NULL"), ("status", "'sleeping'"), ("configuration", "NULL"), ("step", "'many'"),
        ("step", "1.5"), ("step", "-1"), ("version", "0"), ("created_at", "'yesterday'"),
    ])
    func tablesRefuseWhatCannotBe(column: String, value: String) throws {
        let place = try TemporaryStore()
        let values = [
            "id": "'job_x'", "status": "'queued'", "configuration": "'{}'", "model_path": "''",
            "dataset_path": "''", "iteration": "0", "step": "0", "rollout_done": "0",
            "rollout_total": "0", "allowed_iterations": "0", "created_at": "0", "version": "1",
        ]
        let order = [
            "id", "status", "configuration", "model_path", "dataset_path", "iteration", "step",
            "rollout_done", "rollout_total", "allowed_iterations", "created_at", "version",
        ]
        func insert(_ values: [String: String]) throws {
            let list = order.map { values[$0] ?? "" }.joined(separator: ", ")
            try place.store.execute(sql: "\(Self.job) VALUES (\(list))")
        }
        expectCode(.conflict) { try insert(values.merging([column: value]) { $1 }) }
        try insert(values)
    }

    @Test func rowsOfUnknownJobsAreNotFound() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 1)
        let metrics = records.metrics(step: 0)
        expectCode(.notFound) { try place.store.append(steps: [metrics], job: "job_none") }
        expectCode(.notFound) { try place.store.iterations(job: "job_none") }
        expectCode(.notFound) { try place.store.append(event: records.event(job: "job_none")) }
        expectCode(.notFound) { try place.store.rewind(job: "job_none", to: nil) }
    }

    @Test func connectionsAreSetUpForSafety() throws {
        let place = try TemporaryStore()
        let expected = [
            "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "trusted_schema": "0",
            "cell_size_check": "1", "busy_timeout": "10000",
        ]
        for (name, value) in expected {
            #expect(try place.store.values(sql: "PRAGMA \(name)") == [value], "\(name)")
        }
        #expect(try place.store.values(sql: "PRAGMA trusted_schema", isReader: true) == ["0"])
        expectCode(.inputOutput) {
            try place.store.values(sql: "DELETE FROM job RETURNING id", isReader: true)
        }
    }

    @Test func everyTableIsStrict() throws {
        let place = try TemporaryStore()
        let loose = try place.store.values(
            sql: """
                SELECT name FROM pragma_table_list
                WHERE schema = 'main' AND type = 'table' AND strict = 0
                    AND name NOT LIKE 'sqlite_%'
                """)
        #expect(loose == [])
    }

    @Test func aDatabaseOfANewerProgramIsRefused() throws {
        let place = try TemporaryStore()
        try place.store.execute(sql: "PRAGMA user_version = 99")
        let error = expectCode(.unsupported) { try place.reopen() }
        #expect(error?.message.contains("schema 99") == true)
    }

    @Test func aDatabaseOfAnotherProgramIsRefused() throws {
        let place = try TemporaryStore()
        try place.store.execute(sql: "PRAGMA user_version = 0")
        expectCode(.unsupported) { try place.reopen() }
    }

    @Test func aFailingMigrationLeavesNothingBehind() throws {
        let place = try TemporaryStore()
        let first = try #require(try place.store.values(sql: "SELECT sql FROM sqlite_schema").first)
        try place.store.close()
        let folder = place.folder + "/inner"
        func open(_ second: String) throws -> SQLiteStore {
            try SQLiteStore(
                dataFolder: folder,
                migrations: Migrations(files: [
                    ("migrations/0002-more.sql", second), ("migrations/0001-init.sql", first),
                ]))
        }
        expectCode(.internal) { try open("CREATE TABLE more (a); CREATE TABLE more (a);") }
        let store = try open("CREATE TABLE more (a)")
        #expect(try store.values(sql: "PRAGMA user_version") == ["2"])
        try store.close()
    }

    @Test func scriptsMustBeNumberedWithoutGaps() {
        expectCode(.internal) { try Migrations(files: []) }
        expectCode(.internal) { try Migrations(files: [("0002-a.sql", "")]) }
        expectCode(.internal) { try Migrations(files: [("0001-a.sql", ""), ("0001-b.sql", "")]) }
    }

    @Test func aFileThatIsNoDatabaseIsDamaged() throws {
        let place = try TemporaryStore()
        try place.store.close()
        try Data(repeating: 65, count: 8192).write(
            to: URL(fileURLWithPath: place.folder + "/spind.sqlite"))
        expectCode(.damagedFile) { try SQLiteStore(dataFolder: place.folder) }
    }

    @Test func aFolderThatCannotBeMadeIsAnInputOutputError() throws {
        let place = try TemporaryStore()
        expectCode(.inputOutput) {
            try SQLiteStore(dataFolder: place.folder + "/spind.sqlite/below")
        }
    }

    // SQLITE_FULL 13, SQLITE_CONSTRAINT 19, SQLITE_CORRUPT 11, SQLITE_IOERR_WRITE 778,
    // SQLITE_CONSTRAINT_FOREIGNKEY 787, SQLITE_BUSY 5, SQLITE_MISUSE 21
    @Test(arguments: [
        (13, SpinError.Code.diskFull), (19, .conflict), (11, .damagedFile), (778, .inputOutput),
        (787, .notFound), (5, .inputOutput), (21, .internal),
    ])
    func codesOfSQLiteBecomeOurs(code: Int, expected: SpinError.Code) {
        #expect(SQLiteStore.translated(code: Int32(code), message: "m").code == expected)
    }

    @Test func aFullDatabaseIsAFullDiskAndLosesNothing() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 2)
        try place.store.append(steps: [records.metrics(step: 0)], job: job)
        try place.store.execute(sql: "PRAGMA max_page_count = 1")
        let many = (0..<2000).map { records.metrics(step: $0) }
        expectCode(.diskFull) { try place.store.append(steps: many, job: job) }
        let stored = try place.store.steps(job: job, iteration: nil, afterStep: nil, limit: 10)
        #expect(stored.elements.map(\.step) == [0])
    }

    @Test func oneProcessHasTheFolderToItself() throws {
        let place = try TemporaryStore()
        let error = expectCode(.conflict) { try SQLiteStore(dataFolder: place.folder) }
        let holder = "process \(ProcessInfo.processInfo.processIdentifier)"
        #expect(error?.message.contains(holder) == true)
        try place.store.close()
        try SQLiteStore(dataFolder: place.folder).close()
    }

    @Test func whatACallHasWrittenSurvivesAKill() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 3)
        for step in 0..<20 {
            try place.store.append(steps: [records.metrics(step: step)], job: job)
        }
        let copy = try place.copyOfFiles()
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let other = try SQLiteStore(dataFolder: copy)
        let stored = try other.steps(job: job, iteration: nil, afterStep: nil, limit: 100)
        #expect(stored.elements.map(\.step) == Array(0..<20))
        #expect(try other.values(sql: "PRAGMA integrity_check") == ["ok"])
        try other.close()
    }
}

/// - Returns: the error, for a look at its text.
@discardableResult
func expectCode<Value>(
    _ code: SpinError.Code, _ body: () throws -> Value,
    sourceLocation: SourceLocation = #_sourceLocation
) -> SpinError? {
    do {
        _ = try body()
        Issue.record("expected the error \(code)", sourceLocation: sourceLocation)
        return nil
    } catch {
        let found = error as? SpinError
        #expect(found?.code == code, "\(error)", sourceLocation: sourceLocation)
        return found
    }
}
