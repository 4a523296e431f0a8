import Foundation
import GRDB
import SpinDomain

extension APIKey: StoredRecord {
    static let table = Table(
        name: "api_key",
        columns: ["id", "name", "scope", "salt", "digest", "created_at", "expires_at"])

    init(from reader: inout ColumnReader) throws {
        self.init(
            id: try reader.next(), name: try reader.next(), scope: try reader.choice(),
            salt: Array(try reader.next() as Data), digest: Array(try reader.next() as Data),
            createdAt: try reader.time(), expiresAt: try reader.optionalTime())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            id, name, scope.rawValue, Data(salt), Data(digest), createdAt.microseconds,
            expiresAt?.microseconds,
        ]
    }
}
