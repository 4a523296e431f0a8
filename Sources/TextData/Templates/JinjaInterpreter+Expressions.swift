import SpinDomain

extension JinjaInterpreter {
    mutating func value(_ expression: JinjaExpression) throws -> JinjaValue {
        let line = expression.line
        try step(line)
        switch expression.kind {
        case .literal(let value): return value
        case .variable(let name): return lookUp(name)
        case .list(let elements): return .list(try elements.map { try value($0) })
        case .dictionary(let members): return try dictionary(members, line)
        case .item(let base, let key):
            // Evaluated first: as arguments they would change a copy behind the method's back.
            let container = try value(base)
            let place = try value(key)
            return try item(of: container, place, line)
        case .slice(let base, let start, let end, let step):
            return try slice(try value(base), [start, end, step], line)
        case .function(let function, let arguments):
            return try call(function, try evaluated(arguments), line)
        case .method(let method, let base, let arguments):
            return try call(method, try value(base), try evaluated(arguments), line)
        case .filter(let filter, let base, let arguments):
            return try apply(filter, try value(base), try evaluated(arguments), line)
        case .test(let test, let base, let arguments):
            return .boolean(try holds(test, try value(base), try evaluated(arguments), line))
        case .not(let operand): return .boolean(try !value(operand).isTrue)
        case .negative(let operand):
            let number = try value(operand)
            return try negated(number, line)
        case .binary(let operation, let left, let right):
            return try binary(operation, try value(left), right, line)
        case .comparison(let first, let pairs):
            return .boolean(try compares(try value(first), pairs, line))
        case .choice(let condition, let then, let otherwise):
            if try value(condition).isTrue { return try value(then) }
            return try otherwise.map { try value($0) } ?? .undefined("else")
        }
    }

    private mutating func evaluated(_ arguments: JinjaArguments) throws -> JinjaCall {
        var call = JinjaCall()
        call.positional = try arguments.positional.map { try value($0) }
        for argument in arguments.named { call.named[argument.name] = try value(argument.value) }
        return call
    }

    private mutating func dictionary(
        _ members: [(key: JinjaExpression, value: JinjaExpression)], _ line: Int
    ) throws -> JinjaValue {
        var dictionary: JinjaDictionary = [:]
        for member in members {
            guard case .string(let key) = try value(member.key) else {
                throw Self.problem(line, "a dictionary's key that is not a string")
            }
            dictionary[key] = try value(member.value)
        }
        return .dictionary(dictionary)
    }

    // MARK: Parts of values

    private func item(of base: JinjaValue, _ key: JinjaValue, _ line: Int) throws -> JinjaValue {
        switch (base, key) {
        case (.undefined(let name), _):
            throw Self.problem(line, "'\(name)' is undefined")
        case (.dictionary(let dictionary), .string(let name)):
            return dictionary[name] ?? .undefined(name)
        case (.namespace(let index), .string(let name)):
            return contents(ofNamespace: index)[name] ?? .undefined(name)
        case (.list(let elements), .integer(let place)):
            let index = place < 0 ? place + elements.count : place
            return elements.indices.contains(index) ? elements[index] : .undefined("[\(place)]")
        case (.string(let text), .integer(let place)):
            let scalars = Array(text.unicodeScalars)
            let index = place < 0 ? place + scalars.count : place
            guard scalars.indices.contains(index) else { return .undefined("[\(place)]") }
            return .string(String(scalars[index]))
        case (_, .string(let name)): return .undefined(name)
        default: return .undefined("[]")
        }
    }

    /// Python's slices: bounds beyond the ends are cut, negative ones count from the end.
    private mutating func slice(
        _ base: JinjaValue, _ bounds: [JinjaExpression?], _ line: Int
    ) throws -> JinjaValue {
        let numbers: [Int?] = try bounds.map { bound in
            guard let bound else { return nil }
            let found = try value(bound)
            if case .none = found { return nil }
            guard let number = found.asInteger else {
                throw Self.problem(line, "a slice by \(found.kind)")
            }
            return number
        }
        switch base {
        case .list(let elements):
            return .list(try Self.indices(elements.count, numbers, line).map { elements[$0] })
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            let kept = try Self.indices(scalars.count, numbers, line).map { scalars[$0] }
            return .string(String(String.UnicodeScalarView(kept)))
        default: throw Self.problem(line, "a slice of \(base.kind)")
        }
    }

    private static func indices(_ count: Int, _ bounds: [Int?], _ line: Int) throws -> [Int] {
        let step = bounds[2] ?? 1
        guard step != 0, step > Int.min else { throw problem(line, "a slice with this step") }
        // The places a bound can mean: one before the start is the end of a backward slice.
        let lowest = step > 0 ? 0 : -1
        let highest = step > 0 ? count : count - 1
        func place(_ bound: Int?, _ standard: Int) -> Int {
            guard let bound else { return standard }
            return min(max(bound < 0 ? max(bound, -count - 1) + count : bound, lowest), highest)
        }
        let start = place(bounds[0], step > 0 ? lowest : highest)
        let end = place(bounds[1], step > 0 ? highest : lowest)
        return Array(stride(from: start, to: end, by: step))
    }

    // MARK: Operators

    private func negated(_ operand: JinjaValue, _ line: Int) throws -> JinjaValue {
        if let number = operand.asInteger, number > Int.min { return .integer(-number) }
        if let number = operand.asNumber { return .number(-number) }
        throw Self.problem(line, "'-' before \(operand.kind)")
    }

    private mutating func binary(
        _ operation: JinjaOperator, _ left: JinjaValue, _ rightSide: JinjaExpression, _ line: Int
    ) throws -> JinjaValue {
        if operation == .or { return left.isTrue ? left : try value(rightSide) }
        if operation == .and { return left.isTrue ? try value(rightSide) : left }
        let right = try value(rightSide)
        switch (operation, left, right) {
        case (.concatenate, _, _):
            return try joined(try text(left, line), try text(right, line), line)
        case (.add, .string(let first), .string(let second)):
            return try joined(first, second, line)
        case (.add, .list(let first), .list(let second)):
            guard first.count + second.count <= Self.maximumElements else {
                throw Self.problem(line, "a list becomes too long")
            }
            return .list(first + second)
        case (.multiply, .string(let text), .integer(let count)):
            let length = max(count, 0).multipliedReportingOverflow(by: text.utf8.count)
            guard !length.overflow, length.partialValue <= Self.maximumText else {
                throw Self.problem(line, "the text becomes too long")
            }
            return .string(String(repeating: text, count: text.isEmpty ? 0 : max(count, 0)))
        default:
            guard let result = Self.arithmetic(operation, left, right) else {
                throw Self.problem(
                    line, "'\(operation.rawValue)' between \(left.kind) and \(right.kind)")
            }
            return result
        }
    }

    func joined(_ left: String, _ right: String, _ line: Int) throws -> JinjaValue {
        guard left.utf8.count + right.utf8.count <= Self.maximumText else {
            throw Self.problem(line, "the text becomes too long")
        }
        return .string(left + right)
    }

    /// nil where Python raises, or where a result leaves the range of `Int`.
    private static func arithmetic(
        _ operation: JinjaOperator, _ left: JinjaValue, _ right: JinjaValue
    ) -> JinjaValue? {
        guard let first = left.asInteger, let second = right.asInteger, operation != .divide else {
            return realArithmetic(operation, left, right)
        }
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = first.addingReportingOverflow(second)
        case .subtract: result = first.subtractingReportingOverflow(second)
        case .multiply: result = first.multipliedReportingOverflow(by: second)
        case .floorDivide, .remainder:
            let quotient = first.dividedReportingOverflow(by: second)
            guard !quotient.overflow else { return nil }
            let rest = first - quotient.partialValue * second
            // Python rounds down, Swift towards zero.
            let isAbove = rest != 0 && (rest < 0) != (second < 0)
            let floored = isAbove ? quotient.partialValue - 1 : quotient.partialValue
            let modulus = isAbove ? rest + second : rest
            result = (operation == .floorDivide ? floored : modulus, false)
        default: return nil
        }
        return result.overflow ? nil : .integer(result.partialValue)
    }

    private static func realArithmetic(
        _ operation: JinjaOperator, _ left: JinjaValue, _ right: JinjaValue
    ) -> JinjaValue? {
        guard let first = left.asNumber, let second = right.asNumber else { return nil }
        switch operation {
        case .add: return .number(first + second)
        case .subtract: return .number(first - second)
        case .multiply: return .number(first * second)
        case .divide where second != 0: return .number(first / second)
        default: return nil
        }
    }

    // MARK: Relations

    private mutating func compares(
        _ first: JinjaValue, _ pairs: [(relation: JinjaRelation, right: JinjaExpression)],
        _ line: Int
    ) throws -> Bool {
        var left = first
        for pair in pairs {
            let right = try value(pair.right)
            guard try relates(left, pair.relation, right, line) else { return false }
            left = right
        }
        return true
    }

    private func relates(
        _ left: JinjaValue, _ relation: JinjaRelation, _ right: JinjaValue, _ line: Int
    ) throws -> Bool {
        switch relation {
        case .equal: return left.equals(right)
        case .notEqual: return !left.equals(right)
        case .contained: return try contains(right, left, line)
        case .notContained: return try !contains(right, left, line)
        case .less, .greaterOrEqual:
            return try isLess(left, right, line) == (relation == .less)
        case .greater, .lessOrEqual:
            return try isLess(right, left, line) == (relation == .greater)
        }
    }

    private func isLess(_ left: JinjaValue, _ right: JinjaValue, _ line: Int) throws -> Bool {
        if let first = left.asInteger, let second = right.asInteger { return first < second }
        if let first = left.asNumber, let second = right.asNumber { return first < second }
        if case (.string(let first), .string(let second)) = (left, right) {
            return first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
        }
        throw Self.problem(line, "\(left.kind) and \(right.kind) have no order")
    }

    func contains(_ container: JinjaValue, _ element: JinjaValue, _ line: Int) throws -> Bool {
        switch (container, element) {
        case (.list(let elements), _): return elements.contains { $0.equals(element) }
        case (.dictionary(let dictionary), .string(let key)): return dictionary[key] != nil
        case (.dictionary, _), (.undefined, _): return false
        case (.string(let text), .string(let part)):
            return part.isEmpty || text.firstOccurrence(of: part) != nil
        default: throw Self.problem(line, "'in' between \(element.kind) and \(container.kind)")
        }
    }
}
