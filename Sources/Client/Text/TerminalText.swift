extension String {
    /// Without anything that a terminal would obey: models write what they like, and so do people
    /// who name jobs.
    ///
    /// Line breaks become visible, too.
    public var forTerminal: String {
        guard unicodeScalars.contains(where: Self.isCommand) else { return self }
        return unicodeScalars.map { Self.isCommand($0) ? Self.visible($0) : String($0) }.joined()
    }

    /// As `forTerminal`, line by line.
    public var linesForTerminal: [String] {
        split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { String($0).forTerminal }
    }

    private static func isCommand(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Control characters; format characters turn the direction of text.
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: scalar.value != 0x200D
        default: false
        }
    }

    private static func visible(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{" + String(scalar.value, radix: 16) + "}"
        }
    }
}
