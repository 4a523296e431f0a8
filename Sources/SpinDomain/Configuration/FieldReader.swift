/// Reads one section of a document and collects everything wrong with it, instead of stopping at the first.
package struct FieldReader {
    private let object: JSONObject
    private let pointer: String
    private var known: [String] = []
    package private(set) var problems: [SpinError.FieldProblem] = []

    /// - Parameter value: anything but an object is a problem and reads as empty.
    package init(_ value: JSONValue?, pointer: String) {
        self.pointer = pointer
        switch value {
        case .object(let object): self.object = object
        case nil, .null: object = JSONObject()
        case .some(let other):
            object = JSONObject()
            problems = [.init(pointer: pointer, detail: "expected an object, found \(other.kind)")]
        }
    }

    package mutating func fail(_ key: String, _ detail: String) {
        problems.append(.init(pointer: "\(pointer)/\(Self.escape(key))", detail: detail))
    }

    /// The value of a key, or nil when it is absent; marks the key as known.
    package mutating func value(_ key: String) -> JSONValue? {
        known.append(key)
        return object[key]
    }

    /// Absent keys and nulls read as nil.
    package mutating func present(_ key: String) -> JSONValue? {
        let value = value(key)
        return value == .null ? nil : value
    }

    mutating func integer(_ key: String, _ target: inout Int, in range: ClosedRange<Int>) {
        guard let value = value(key) else { return }
        guard let integer = value.integer else {
            return fail(key, "expected an integer, found \(value.kind)")
        }
        guard range.contains(integer) else { return fail(key, Self.outside(integer, range)) }
        target = integer
    }

    /// As `integer`, but `none` on the wire reads as nil.
    mutating func integer(
        _ key: String, _ target: inout Int?, in range: ClosedRange<Int>, none: Int?
    ) {
        guard let value = value(key) else { return }
        if value == .null || (none != nil && value.integer == none) { return target = nil }
        guard let integer = value.integer else {
            return fail(key, "expected an integer, found \(value.kind)")
        }
        guard range.contains(integer) else { return fail(key, Self.outside(integer, range)) }
        target = integer
    }

    mutating func number(_ key: String, _ target: inout Double, in range: ClosedRange<Double>) {
        guard let value = value(key) else { return }
        if let number = checked(value, key, in: range) { target = number }
    }

    /// As `number`, but null reads as nil.
    mutating func number(_ key: String, _ target: inout Double?, in range: ClosedRange<Double>) {
        guard let value = value(key) else { return }
        if value.isNull { return target = nil }
        if let number = checked(value, key, in: range) { target = number }
    }

    package mutating func checked(
        _ value: JSONValue, _ key: String, in range: ClosedRange<Double>
    ) -> Double? {
        guard let number = value.double else {
            fail(key, "expected a number, found \(value.kind)")
            return nil
        }
        guard range.contains(number) else {
            fail(key, Self.outside(number, range))
            return nil
        }
        return number
    }

    mutating func perIteration(
        _ key: String, _ target: inout PerIteration, in range: ClosedRange<Double>,
        iterations: Int
    ) {
        guard let value = value(key) else { return }
        guard let list = value.array else {
            if let number = checked(value, key, in: range) { target = .constant(number) }
            return
        }
        guard list.count == iterations else {
            return fail(
                key,
                "the list has \(list.count) values, but there are \(iterations) iterations; "
                    + "give one number, or one value an iteration")
        }
        let numbers = list.compactMap { checked($0, key, in: range) }
        if numbers.count == list.count { target = .list(numbers) }
    }

    package mutating func bool(_ key: String, _ target: inout Bool) {
        guard let value = value(key) else { return }
        guard let bool = value.bool else {
            return fail(key, "expected true or false, found \(value.kind)")
        }
        target = bool
    }

    mutating func string(_ key: String, maximumLength: Int = 200) -> String? {
        guard let value = present(key) else { return nil }
        guard let string = value.string else {
            fail(key, "expected a string, found \(value.kind)")
            return nil
        }
        guard !string.isEmpty, string.utf8.count <= maximumLength,
            !string.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else {
            fail(key, "expected 1 to \(maximumLength) bytes without control characters")
            return nil
        }
        return string
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ target: inout Choice
    ) where Choice.RawValue == String {
        guard let value = value(key) else { return }
        let allowed = Choice.allCases.map(\.rawValue)
        guard let text = value.string else {
            return fail(key, "expected one of \(allowed.joined(separator: ", "))")
        }
        guard let choice = Choice(rawValue: text) else {
            return fail(
                key,
                "'\(text)' is not one of \(allowed.joined(separator: ", "))"
                    + Suggestion.text(for: text, among: allowed))
        }
        target = choice
    }

    /// A decimal number is a share, an integer a count of steps.
    mutating func batchLimit(_ key: String, _ target: inout BatchLimit) {
        guard let value = value(key) else { return }
        switch value {
        case .integer(let count) where count >= 0: target = .count(count)
        case .number(let fraction) where (0...1).contains(fraction): target = .fraction(fraction)
        default:
            fail(key, "expected a share from 0.0 to 1.0 (with a decimal point) or a count of steps")
        }
    }

    package mutating func merge(_ other: FieldReader) {
        problems += other.problems
    }

    /// Problems, with one for every key that nobody asked for.
    package mutating func finish() -> [SpinError.FieldProblem] {
        for key in object.keys where !known.contains(key) {
            fail(
                key,
                "unknown key" + Suggestion.text(for: key, among: known)
                    + (known.isEmpty ? "" : "; known here: \(known.joined(separator: ", "))"))
        }
        return problems
    }

    private static func outside<Bound: Comparable>(
        _ value: Bound, _ range: ClosedRange<Bound>
    ) -> String {
        "\(value) is outside \(range.lowerBound) … \(range.upperBound)"
    }

    private static func escape(_ key: String) -> String {
        key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}
