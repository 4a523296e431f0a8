/// A statement of a template.
indirect enum JinjaStatement: Sendable {
    case text(String)
    case output(JinjaExpression)
    case conditional(
        [(condition: JinjaExpression, body: [JinjaStatement])], otherwise: [JinjaStatement])
    case loop(JinjaLoop)
    case set(JinjaTarget, JinjaExpression)
    /// `{% set name %}…{% endset %}`
    case capture(String, [JinjaStatement])
    /// `{% generation %}`, which marks the assistant's text for trainers and prints its body.
    case generation([JinjaStatement])
    case leaveLoop
    case nextRound
}

/// A loop: `{% for a, b in sequence if condition %}…{% else %}…{% endfor %}`.
struct JinjaLoop: Sendable {
    let targets: [String]
    let sequence: JinjaExpression
    let condition: JinjaExpression?
    let body: [JinjaStatement]
    let otherwise: [JinjaStatement]
}

/// What `set` assigns to: a name, or an attribute of a namespace.
struct JinjaTarget: Sendable {
    let name: String
    let attribute: String?
}

/// An expression of a template, with its line for messages.
struct JinjaExpression: Sendable {
    indirect enum Kind: Sendable {
        case literal(JinjaValue)
        case variable(String)
        case list([JinjaExpression])
        case dictionary([(key: JinjaExpression, value: JinjaExpression)])
        case item(JinjaExpression, JinjaExpression)
        case slice(
            JinjaExpression, start: JinjaExpression?, end: JinjaExpression?, step: JinjaExpression?)
        case function(JinjaFunction, JinjaArguments)
        case method(JinjaMethod, JinjaExpression, JinjaArguments)
        case filter(JinjaFilter, JinjaExpression, JinjaArguments)
        case test(JinjaTest, JinjaExpression, JinjaArguments)
        case not(JinjaExpression)
        case negative(JinjaExpression)
        case binary(JinjaOperator, JinjaExpression, JinjaExpression)
        /// `a < b <= c`: each neighbouring pair must hold.
        case comparison(JinjaExpression, [(relation: JinjaRelation, right: JinjaExpression)])
        case choice(condition: JinjaExpression, then: JinjaExpression, otherwise: JinjaExpression?)
    }

    /// Evaluation recurses once per level; real templates stay far below.
    static let maximumDepth = 200

    let kind: Kind
    let line: Int
    /// Levels of the tree below and with this one.
    let depth: Int
}

struct JinjaArguments: Sendable {
    var positional: [JinjaExpression] = []
    var named: [(name: String, value: JinjaExpression)] = []

    var all: [JinjaExpression] { positional + named.map(\.value) }
}

enum JinjaOperator: String, Sendable {
    case or, and
    case add = "+"
    case subtract = "-"
    case concatenate = "~"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"

    /// Higher binds tighter; comparisons lie between `and` and `+`.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and: 2
        case .add, .subtract: 5
        case .concatenate: 6
        case .multiply, .divide, .floorDivide, .remainder: 7
        }
    }
}

enum JinjaRelation: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case contained = "in"
    case notContained = "not in"

    static let precedence = 4
}

enum JinjaFunction: String, Sendable {
    case raiseException = "raise_exception"
    case namespace, range, dict
    /// The date of today, which would make training data depend on the day: templates that ask whether
    /// it is defined are told that it is not.
    case now = "strftime_now"
}

enum JinjaMethod: String, Sendable {
    case strip, lstrip, rstrip, split, startswith, endswith, upper, lower, capitalize, replace
    case removeprefix, removesuffix, join, find, count
    case items, keys, values, get
}

enum JinjaFilter: String, Sendable {
    case trim, tojson, `default`, d, length, count, upper, lower, capitalize, join, first, last
    case replace, list, string, int, items, reverse, selectattr, rejectattr, map, indent, safe
}

enum JinjaTest: String, Sendable {
    case defined, undefined, none, string, mapping, iterable, sequence, number, integer, float,
        boolean
    case `true`, `false`, odd, even, equalto, eq, ne, `in`
}
