/// A metadata value of a GGUF file; the widths of the file's numbers are not kept.
package enum GGUFValue: Sendable, Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case bool(Bool)
    case string(String)
    case array([GGUFValue])

    package var integer: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): Int(exactly: value)
        default: nil
        }
    }

    package var number: Double? {
        if case .float(let value) = self { return value }
        return integer.map { Double($0) }
    }

    package var flag: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    package var string: String? {
        if case .string(let value) = self { return value }
        return nil
    }

    package var array: [GGUFValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }
}
