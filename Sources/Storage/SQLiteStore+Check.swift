import GRDB
import SpinDomain

extension SQLiteStore {
    /// Reads the whole file and compares what must agree.
    /// - Parameter thoroughly: also compare every index with its table, which takes longer.
    /// - Throws: `damagedFile` with what was found first.
    static func check(_ database: Database, thoroughly: Bool) throws {
        let pragma = thoroughly ? "integrity_check(1)" : "quick_check(1)"
        let found = try String.fetchOne(database, sql: "PRAGMA \(pragma)") ?? "no answer"
        guard found == "ok" else {
            throw SpinError(.damagedFile, "\(fileName) is damaged: \(found)", hint: restoringHint)
        }
    }

    static let restoringHint =
        "restore it: a backup that spind made is a data folder, so serve from a copy of it"
}
