/// Turns the bytes of drawn tokens into pieces of text that can be shown at once.
///
/// It keeps back the beginning of a character, and what may yet become a stop string. A stop string
/// may begin and end in the middle of a token; the text ends before the first one.
package struct TextOutput: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether a stop string has come; what follows it is dropped.
    package private(set) var isStopped = false

    /// - Parameter stops: empty ones are of no account.
    package init(stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Adds bytes and returns what can be shown.
    package mutating func append(_ bytes: [UInt8]) -> String {
        guard !isStopped else { return "" }
        held += bytes
        if let end = firstStop {
            isStopped = true
            return take(end)
        }
        return take(Self.wholeCharacters(held[..<(held.count - heldForStops)]))
    }

    /// The rest; bytes that are no UTF-8 show as U+FFFD.
    package mutating func finish() -> String {
        isStopped ? "" : take(held.count)
    }

    private mutating func take(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held[..<count], as: UTF8.self)
    }

    /// Where the first stop string begins.
    private var firstStop: Int? {
        held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
    }

    /// How many bytes at the end are the beginning of a stop string, at most.
    private var heldForStops: Int {
        let longest = (stops.map(\.count).max() ?? 1) - 1
        return (0...min(longest, held.count)).last { count in
            stops.contains { $0.count > count && $0.starts(with: held.suffix(count)) }
        } ?? 0
    }

    /// How many bytes there are without an unfinished character at the end.
    private static func wholeCharacters(_ bytes: ArraySlice<UInt8>) -> Int {
        for count in 1...3 where count <= bytes.count {
            let byte = bytes[bytes.endIndex - count]
            if byte & 0xC0 == 0x80 { continue }
            let length =
                switch byte {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            return length > count ? bytes.count - count : bytes.count
        }
        return bytes.count
    }
}

extension Sequence where Element == UInt8 {
    /// How many Unicode scalars begin among the bytes.
    var scalarCount: Int { reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
}
