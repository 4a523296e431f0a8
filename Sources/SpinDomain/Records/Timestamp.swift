/// A moment: microseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Sendable, Hashable, Comparable {
    public let microseconds: Int

    public init(microseconds: Int) {
        self.microseconds = microseconds
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    public func seconds(since earlier: Timestamp) -> Double {
        Double(microseconds - earlier.microseconds) / 1e6
    }

    /// RFC 3339 in UTC with microseconds, as `2026-11-22T22:15:46.000123Z`.
    public var text: String {
        let (day, inDay) = Self.floorDivide(microseconds, 86_400_000_000)
        let (year, month, dayOfMonth) = Self.civil(daysSince1970: day)
        let seconds = inDay / 1_000_000
        return Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-"
            + Self.padded(dayOfMonth, 2) + "T" + Self.padded(seconds / 3600, 2) + ":"
            + Self.padded(seconds / 60 % 60, 2) + ":" + Self.padded(seconds % 60, 2) + "."
            + Self.padded(inDay % 1_000_000, 6) + "Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> (quotient: Int, rest: Int) {
        let rest = ((value % divisor) + divisor) % divisor
        return ((value - rest) / divisor, rest)
    }

    /// Gregorian date of a day number, by 400-year eras that begin on the first of March.
    private static func civil(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

/// Where a moment comes from; tests pass their own.
public protocol Clock: Sendable {
    func now() -> Timestamp
}
