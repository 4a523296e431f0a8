/// One thing that an operator can set: by a flag, a variable of the environment or a line of the
/// configuration file.
public struct Setting: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case text
        /// Several texts; separated by commas where there is only one.
        case texts
        case flag
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case choice([String])
    }

    /// As in the flag, without the dashes.
    public let name: String
    public let kind: Kind
    /// What counts where nothing is set; nil for nothing.
    public let usual: String?
    /// Never shown, has no flag (processes can see each other's), and may stand in a file of its
    /// own.
    public let isSecret: Bool

    public init(_ name: String, _ kind: Kind = .text, usual: String? = nil, isSecret: Bool = false)
    {
        self.name = name
        self.kind = kind
        self.usual = usual
        self.isSecret = isSecret
    }

    public var flag: String { "--" + name }

    /// In the configuration file.
    public var key: String {
        name.split(separator: "-").joined(separator: "_")
    }

    public var variable: String { Self.variablePrefix + key.uppercased() }

    /// Names the file that holds a secret.
    public var fileVariable: String { variable + "_FILE" }

    static let variablePrefix = "SPIND_"

    /// What is wrong with a text as a value; nil if it is one.
    func fault(in text: String) -> String? {
        switch kind {
        case .text, .texts:
            return text.isEmpty ? "expected a text" : nil
        case .flag:
            return ["true", "false"].contains(text) ? nil : "'\(text)' is neither true nor false"
        case .integer(let range):
            return Int(text).map(range.contains) == true
                ? nil
                : "'\(text)' is no whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            return Double(text).map(range.contains) == true
                ? nil : "'\(text)' is no number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let choices):
            return choices.contains(text)
                ? nil : "'\(text)' is not one of \(choices.joined(separator: ", "))"
        }
    }
}
