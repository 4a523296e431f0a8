/// One token of a template.
struct JinjaToken: Equatable {
    enum Kind: Equatable {
        /// Text between tags, white space already trimmed.
        case text(String)
        /// `{{` and `}}`.
        case outputStart, outputEnd
        /// `{%` and `%}`.
        case blockStart, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case number(Double)
        case symbol(String)
        case end
    }

    let kind: Kind
    /// 1-based line of the template.
    let line: Int
}
