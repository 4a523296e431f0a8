import GRDB
package import SpinDomain

extension SQLiteStore {
    /// Runs `body` and turns what SQLite throws into the project's error.
    static func translating<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw translated(
                code: error.extendedResultCode.rawValue, message: error.message ?? "unknown error")
        }
    }

    /// - Parameter code: SQLite's extended result code.
    package static func translated(code: Int32, message: String) -> SpinError {
        let extended = ResultCode(rawValue: code)
        if extended == .SQLITE_CONSTRAINT_FOREIGNKEY {
            return SpinError(.notFound, "the job that the row belongs to is gone")
        }
        switch extended.primaryResultCode {
        case .SQLITE_FULL:
            return SpinError(
                .diskFull, "the disk with the data folder is full", hint: "free some space")
        case .SQLITE_CONSTRAINT:
            return SpinError(.conflict, "the store refuses the row: \(message)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return SpinError(
                .damagedFile, "spind.sqlite: \(message)",
                hint: restoringHint)
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_BUSY,
            .SQLITE_LOCKED, .SQLITE_NOMEM:
            return SpinError(
                .inputOutput, "spind.sqlite: \(message)",
                hint: "check the disk and the permissions of the data folder")
        default:
            return SpinError(.internal, "spind.sqlite: \(message)")
        }
    }
}
