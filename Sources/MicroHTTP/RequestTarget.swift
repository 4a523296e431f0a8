/// A request target, split before it is decoded, so that an escape can never make a new segment.
struct RequestTarget: Sendable {
    let raw: String
    let path: String
    let segments: [String]
    let query: [(name: String, value: String)]

    /// Splits and decodes a target in origin form (`/a?b`) or absolute form (`http://host/a?b`).
    ///
    /// - Throws: `MalformedRequest` for bad escapes, NUL, other control characters, text that is
    ///   not UTF-8, encoded slashes, `.` and `..`.
    init(_ raw: String) throws(MalformedRequest) {
        guard raw.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !raw.utf8.contains(.numberSign)
        else { throw .badTarget("The request target holds a character that must be escaped.") }
        let origin = try Self.originForm(of: raw)
        let halves = origin.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let path = halves[0]
        self.raw = raw
        self.path = String(decoding: path, as: UTF8.self)
        segments = try Self.segments(of: path)
        query = halves.count == 2 ? try Self.query(of: halves[1]) : []
    }

    private static func originForm(of raw: String) throws(MalformedRequest) -> Substring.UTF8View {
        var rest = raw[...].utf8
        if rest.first == UInt8(ascii: "/") { return rest }
        for scheme in ["http://", "https://"] where raw.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.utf8.count).drop {
                $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?")
            }
            if rest.isEmpty { rest = "/"[...].utf8 }
        }
        guard rest.first == UInt8(ascii: "/") else {
            throw .badTarget("The request target must begin with a slash.")
        }
        return rest
    }

    private static func segments(
        of path: Substring.UTF8View
    ) throws(MalformedRequest) -> [String] {
        guard path.count > 1 else { return [] }
        var segments: [String] = []
        for part in path.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            let segment = try decode(part, plusIsSpace: false)
            guard !segment.utf8.contains(UInt8(ascii: "/")),
                !segment.utf8.contains(UInt8(ascii: "\\"))
            else { throw .badTarget("A path segment must not contain a slash.") }
            guard segment != ".", segment != ".." else {
                throw .badTarget("The path must not contain the segments . and ..")
            }
            segments.append(segment)
        }
        return segments
    }

    private static func query(
        of query: Substring.UTF8View
    ) throws(MalformedRequest) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for field in query.split(separator: UInt8(ascii: "&")) {
            let halves = field.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count == 2 ? try decode(halves[1], plusIsSpace: true) : ""
            fields.append((try decode(halves[0], plusIsSpace: true), value))
        }
        return fields
    }

    private static func decode(
        _ part: Substring.UTF8View, plusIsSpace: Bool
    ) throws(MalformedRequest) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.count)
        var rest = part
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst()?.hexDigitValue,
                    let low = rest.popFirst()?.hexDigitValue
                else { throw .badTarget("A % must be followed by two hexadecimal digits.") }
                bytes.append(high << 4 | low)
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else {
                bytes.append(byte)
            }
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw .badTarget("The request target must be UTF-8 without NUL.")
        }
        return text
    }
}

extension MalformedRequest {
    fileprivate static func badTarget(_ reason: String) -> MalformedRequest {
        MalformedRequest(status: 400, reason: reason)
    }
}

extension UInt8 {
    fileprivate static let numberSign = UInt8(ascii: "#")

    fileprivate var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
