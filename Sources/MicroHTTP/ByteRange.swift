/// What a `Range` header asks for (RFC 9110, section 14).
public enum ByteRange: Equatable, Sendable {
    /// No range, one that is to be ignored, or several: answer 200 with everything.
    case whole
    /// Answer 206 with these bytes.
    case part(Range<Int64>)
    /// No byte of it exists: answer 416 with `Content-Range: bytes */size`.
    case unsatisfiable

    /// Reads `Range` and `If-Range` against a representation of `size` bytes.
    ///
    /// A range counts only while `ifRange` is absent or the very `entityTag`, which must be a
    /// strong one; dates in `If-Range` never match.
    public static func parse(
        _ range: String?, ifRange: String? = nil, entityTag: String? = nil, size: Int64
    ) -> ByteRange {
        guard let range, range.prefix(6).lowercased() == "bytes=" else { return .whole }
        if let ifRange {
            guard ifRange == entityTag, ifRange.hasPrefix("\"") else { return .whole }
        }
        let ends = range.dropFirst(6).trimmingBlanks().split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Bound(ends[0]), let last = Bound(ends[1]) else {
            return .whole
        }
        switch (first, last) {
        case (.absent, .absent): return .whole
        case (.absent, .position(let length)):
            guard length > 0, size > 0 else { return .unsatisfiable }
            return .part(max(0, size - length)..<size)
        case (.position(let start), .absent):
            return start < size ? .part(start..<size) : .unsatisfiable
        case (.position(let start), .position(let end)):
            guard start <= end else { return .whole }
            return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
        }
    }

    /// One end of a range; a number too large for 64 bits stands for "beyond every file".
    private enum Bound {
        case absent
        case position(Int64)

        init?(_ digits: Substring) {
            guard digits.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
            self = digits.isEmpty ? .absent : .position(Int64(digits) ?? .max)
        }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var rest = self.drop { $0 == " " || $0 == "\t" }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }
}
