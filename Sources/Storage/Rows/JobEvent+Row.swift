import GRDB
import SpinDomain

extension JobEvent: StoredRecord {
    static let table = Table(
        name: "event", columns: ["sequence", "job", "time", "type", "level", "message", "data"])

    init(from reader: inout ColumnReader) throws {
        self.init(
            sequence: try reader.next(), jobID: try reader.next(), time: try reader.time(),
            type: try reader.next(), level: try reader.choice(), message: try reader.next(),
            data: try reader.json())
    }

    /// A null sequence makes SQLite choose the next one.
    var columnValues: [(any DatabaseValueConvertible)?] {
        [nil, jobID, time.microseconds, type, level.rawValue, message, data.text]
    }
}
