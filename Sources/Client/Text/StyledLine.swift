/// A line for a terminal, made of spans.
public struct StyledLine: Sendable, Equatable {
    public enum Style: String, Sendable {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    private var spans: [(text: String, style: Style)]

    public init(_ spans: (String, Style)...) {
        self.spans = spans.map { ($0.0.forTerminal, $0.1) }
    }

    public init(_ text: String) { self.init((text, .plain)) }

    /// The line, cut at the width, so that it never becomes two.
    public func text(width: Int, isColored: Bool) -> String {
        var left = width
        var text = ""
        for span in spans {
            let part = span.text.prefix(columns: left)
            left -= part.columns
            text +=
                isColored && span.style != .plain && !part.isEmpty
                ? "\u{1B}[\(span.style.rawValue)m\(part)\u{1B}[0m" : part
        }
        return text
    }

    public static func == (left: StyledLine, right: StyledLine) -> Bool {
        left.spans.elementsEqual(right.spans) { $0 == $1 }
    }
}

extension String {
    /// How many columns it takes on a terminal.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// As much of its beginning as fits.
    fileprivate func prefix(columns width: Int) -> String {
        var left = width
        return String(
            prefix {
                left -= $0.columns
                return left >= 0
            })
    }

    /// With spaces up to a width.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - columns))
    }
}

extension Character {
    /// Two for East Asian characters and emoji.
    fileprivate var columns: Int {
        guard let first = unicodeScalars.first?.value else { return 0 }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
        ]
        return wide.contains { $0.contains(first) } ? 2 : 1
    }
}
