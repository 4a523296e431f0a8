/// A number that is the same in every iteration, or has one value an iteration.
public enum PerIteration: Sendable, Equatable {
    case constant(Double)
    case list([Double])

    /// The value in iteration `iteration`, counted from 0; the last one holds when a list is short.
    public func value(iteration: Int) -> Double {
        switch self {
        case .constant(let value): value
        case .list(let values): values[min(iteration, values.count - 1)]
        }
    }

    /// With its last value for the iterations that a list does not reach.
    public func extended(to iterations: Int) -> PerIteration {
        guard case .list(let values) = self, let last = values.last, values.count < iterations
        else { return self }
        let missing = iterations - values.count
        return .list(values + Array(repeating: last, count: missing))
    }

    public var values: [Double] {
        switch self {
        case .constant(let value): [value]
        case .list(let values): values
        }
    }

    public var json: JSONValue {
        switch self {
        case .constant(let value): .number(value)
        case .list(let values): JSONValue(values)
        }
    }
}
