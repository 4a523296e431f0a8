import GRDB
import SpinDomain

/// A value that is a row: its columns, and the way in and out.
protocol StoredRecord {
    static var table: Table { get }
    /// In the order of `table.columns`.
    init(from reader: inout ColumnReader) throws
    /// In the order of `table.columns`.
    var columnValues: [(any DatabaseValueConvertible)?] { get }
}

/// The statements of one table.
struct Table {
    let name: String
    let columns: [String]
    /// Text columns that may hold U+0000, at which SQLite's text interface would stop: they go in
    /// and out as bytes.
    var exactText: Set<String> = []

    var select: String {
        let list = columns.map { exactText.contains($0) ? "CAST(\($0) AS BLOB)" : $0 }
        return "SELECT \(list.joined(separator: ", ")) FROM \(name)"
    }

    func insert(verb: String, ownerColumn: String?) -> String {
        let all = (ownerColumn.map { [$0] } ?? []) + columns
        let places = all.map { exactText.contains($0) ? "CAST(? AS TEXT)" : "?" }
        return "\(verb) INTO \(name) (\(all.joined(separator: ", "))) "
            + "VALUES (\(places.joined(separator: ", ")))"
    }
}

extension StoredRecord {
    /// - Parameter clause: what follows `SELECT … FROM …`.
    static func fetch(
        _ database: Database, _ clause: String, _ arguments: StatementArguments
    ) throws -> [Self] {
        var records: [Self] = []
        try forEach(database, clause, arguments) { records.append($0) }
        return records
    }

    /// The same one by one, so that they need not all be in memory.
    static func forEach(
        _ database: Database, _ clause: String, _ arguments: StatementArguments,
        _ body: (Self) throws -> Void
    ) throws {
        let statement = try database.cachedStatement(sql: "\(table.select) \(clause)")
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try rows.next() {
            var reader = ColumnReader(row)
            try body(try Self(from: &reader))
        }
    }

    func insert(into database: Database) throws {
        let sql = Self.table.insert(verb: "INSERT", ownerColumn: nil)
        try database.cachedStatement(sql: sql).execute(
            arguments: StatementArguments(columnValues))
    }

    /// Writes rows of a job; a row of the same key is replaced.
    static func replace(_ records: [Self], job: String, in database: Database) throws {
        let sql = table.insert(verb: "INSERT OR REPLACE", ownerColumn: "job")
        let statement = try database.cachedStatement(sql: sql)
        for record in records {
            let owner: (any DatabaseValueConvertible)? = job
            try statement.execute(arguments: StatementArguments([owner] + record.columnValues))
        }
    }
}

extension Page {
    /// Most rows a page can have, whatever is asked for.
    private static var largest: Int { 1_000_000 }

    /// Fetches one row more than asked for, to see whether there are more.
    static func fetched(limit: Int, _ fetch: (_ limit: Int) throws -> [Element]) rethrows -> Page {
        let limit = min(max(0, limit), largest)
        let elements = try fetch(limit + 1)
        return Page(elements: Array(elements.prefix(limit)), hasMore: elements.count > limit)
    }
}
