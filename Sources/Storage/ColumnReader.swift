import Foundation
import GRDB
import SpinDomain

/// Reads a row's columns one after the other; what does not fit is an error, never a trap.
struct ColumnReader {
    private let row: Row
    private var index = 0

    init(_ row: Row) {
        self.row = row
    }

    mutating func next<Value: DatabaseValueConvertible>() throws -> Value {
        guard let value: Value = try optional() else { throw fault("NULL") }
        return value
    }

    mutating func optional<Value: DatabaseValueConvertible>() throws -> Value? {
        defer { index += 1 }
        let value: DatabaseValue = row[index]
        if value.isNull { return nil }
        guard let converted = Value.fromDatabaseValue(value) else {
            throw fault(value.description)
        }
        return converted
    }

    mutating func choice<Choice: RawRepresentable<String>>() throws -> Choice {
        let text: String = try next()
        guard let choice = Choice(rawValue: text) else { throw fault(text) }
        return choice
    }

    mutating func optionalChoice<Choice: RawRepresentable<String>>() throws -> Choice? {
        guard let text: String = try optional() else { return nil }
        guard let choice = Choice(rawValue: text) else { throw fault(text) }
        return choice
    }

    mutating func json() throws -> JSONValue {
        let text: String = try next()
        return try JSONParser.parse(text.utf8)
    }

    mutating func time() throws -> Timestamp {
        Timestamp(microseconds: try next())
    }

    mutating func optionalTime() throws -> Timestamp? {
        let value: Int? = try optional()
        return value.map(Timestamp.init(microseconds:))
    }

    mutating func tokenIDs() throws -> [Int32] {
        let data: Data = try next()
        guard let ids = TokenIDs.decode(data) else { throw fault("\(data.count) bytes") }
        return ids
    }

    /// Text that was written through a cast, so that it may hold U+0000.
    mutating func optionalExactText() throws -> String? {
        let data: Data? = try optional()
        return data.map { String(decoding: $0, as: UTF8.self) }
    }

    private func fault(_ found: String) -> SpinError {
        let names = Array(row.columnNames)
        let name = names.indices.contains(index) ? names[index] : "\(index)"
        return SpinError(
            .damagedFile, "spind.sqlite: column \(name) holds \(found)",
            hint: "the file was changed by another program")
    }
}

/// Token ids as little-endian 32-bit integers.
enum TokenIDs {
    static func encode(_ ids: [Int32]) -> Data {
        ids.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }

    /// Nil when the length is no multiple of four.
    static func decode(_ data: Data) -> [Int32]? {
        guard data.count % 4 == 0 else { return nil }
        return data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
            }
        }
    }
}
