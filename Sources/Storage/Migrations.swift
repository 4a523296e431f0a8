import DurableFiles
import GRDB
import SpinDomain

/// The numbered scripts that bring a database to the present schema.
///
/// `PRAGMA user_version` holds the number of the last script that ran.
package struct Migrations: Sendable {
    private struct Script: Sendable {
        var number: Int
        /// What the file is called behind its number.
        var name: String
        var sql: String
    }

    /// What a script leaves to the program, in its transaction.
    private static let completions: [String: @Sendable (Database) throws -> Void] = [
        "metric-rollups.sql": { try RollUp.fill($0) }
    ]

    private let scripts: [Script]

    /// - Parameter files: those named `0001-….sql`, `0002-….sql` …, in whatever folder, are the
    ///   scripts.
    /// - Throws: `internal` when a number is missing or doubled.
    package init(files: [(name: String, text: String)]) throws {
        scripts = files.compactMap { file in
            guard let name = file.name.split(separator: "/").last, name.hasSuffix(".sql"),
                let number = Int(name.prefix(4))
            else { return nil }
            return Script(number: number, name: String(name.dropFirst(5)), sql: file.text)
        }.sorted { $0.number < $1.number }
        guard !scripts.isEmpty, scripts.map(\.number) == Array(1...scripts.count) else {
            throw SpinError(.internal, "the migration scripts are not numbered from 1 without gaps")
        }
    }

    /// Those in the binary.
    package static func embedded() throws -> Migrations {
        try Migrations(files: Embedded.files.map { ($0.name, $0.text) })
    }

    /// Runs what has not run yet, all in one transaction: an upgrade happens whole or not at all.
    func apply(to database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        try check(version: version, database)
        guard version < scripts.count else { return }
        try database.inTransaction(.immediate) {
            for script in scripts where script.number > version {
                try database.execute(sql: script.sql)
                try Self.completions[script.name]?(database)
            }
            try database.execute(sql: "PRAGMA user_version = \(scripts.count)")
            Failpoint.migrationInside.pass()
            return .commit
        }
        Failpoint.migrationStored.pass()
    }

    /// For whoever only reads, and cannot bring the database to the present schema.
    /// - Throws: `unsupported` when it is of another one.
    func requireCurrent(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        try check(version: version, database)
        guard version == scripts.count else {
            throw SpinError(
                .unsupported,
                "the database is of schema \(version), and this program reads \(scripts.count)",
                hint: "start spind serve on the data folder once: it brings it up to date")
        }
    }

    private func check(version: Int, _ database: Database) throws {
        guard (0...scripts.count).contains(version) else {
            throw SpinError(
                .unsupported,
                "the database is of schema \(version), but this program knows \(scripts.count)",
                hint: "a newer spind wrote it; use that one, or another data folder")
        }
        let tables = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_schema") ?? 0
        guard version > 0 || tables == 0 else {
            throw SpinError(
                .unsupported, "spind.sqlite holds tables that are not spind's",
                hint: "choose another data folder")
        }
    }
}
