/// A share of an epoch (written with a decimal point) or a count of steps, as NeMo-Aligner has it.
public enum BatchLimit: Sendable, Equatable {
    case fraction(Double)
    case count(Int)

    /// Steps out of `total`: `⌊fraction · total⌋` or at most `count`.
    public func steps(of total: Int) -> Int {
        switch self {
        case .fraction(let fraction): min(total, Int(fraction * Double(total)))
        case .count(let count): min(total, count)
        }
    }

    public var json: JSONValue {
        switch self {
        case .fraction(let value): .number(value)
        case .count(let value): .integer(value)
        }
    }
}
