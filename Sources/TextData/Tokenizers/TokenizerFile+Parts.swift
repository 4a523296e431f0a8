import SpinDomain

extension TokenizerFile {
    /// GPT-2's own pattern, which byte-level files name by a flag.
    static let byteLevelPattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    static func normalizer(_ part: JSONValue) throws -> Normalizer {
        let type = try type(of: part, in: "the normalizer")
        let place = "normalizer \(type)"
        switch type {
        case "NFC", "NFD", "NFKC", "NFKD":
            guard let form = Normalizer.Form(rawValue: type) else { break }
            return .form(form)
        case "Lowercase": return .lowercase
        case "Prepend": return .prepend(Array(try string(part, "prepend", in: place).utf8))
        case "Replace":
            let content = Array(try string(part, "content", in: place).utf8)
            return .replace(try pattern(part, in: place), content)
        case "Strip":
            return .strip(
                left: try flag(part, "strip_left", default: true, in: place),
                right: try flag(part, "strip_right", default: true, in: place))
        case "Sequence":
            return .sequence(try list(part, "normalizers", in: place).map(normalizer))
        default: break
        }
        throw refusal("normalizer", type)
    }

    static func preTokenizer(_ part: JSONValue) throws -> PreTokenizer {
        let type = try type(of: part, in: "the pre-tokenizer")
        let place = "pre-tokenizer \(type)"
        switch type {
        case "ByteLevel":
            let usesPattern = try flag(part, "use_regex", default: true, in: place)
            return .byteLevel(
                addsPrefixSpace: try flag(part, "add_prefix_space", default: true, in: place),
                pattern: usesPattern ? .regex(try Pattern(byteLevelPattern)) : nil)
        case "Split":
            return .split(
                try pattern(part, in: place), try behavior(part, in: place),
                isInverted: try flag(part, "invert", default: false, in: place))
        case "Digits":
            return .digits(
                individually: try flag(part, "individual_digits", default: false, in: place))
        case "Metaspace": return .metaspace(try metaspace(part, in: place))
        case "Whitespace": return .whitespace
        case "WhitespaceSplit": return .whitespaceSplit
        case "Punctuation":
            return .punctuation(try behavior(part, default: .isolated, in: place))
        case "Sequence":
            let steps = try list(part, "pretokenizers", in: place).map(preTokenizer)
            guard !steps.dropLast().contains(where: \.isByteLevel) else {
                throw refusal("pre-tokenizer", "ByteLevel before another one")
            }
            return .sequence(steps)
        default: throw refusal("pre-tokenizer", type)
        }
    }

    private static func metaspace(_ part: JSONValue, in place: String) throws -> MetaspaceRule {
        let replacement = try string(part, "replacement", in: place)
        guard replacement.unicodeScalars.count == 1 else { throw refusal(place, replacement) }
        let scheme: MetaspaceRule.PrependScheme
        if let text = Self.part(part["prepend_scheme"])?.string {
            guard let known = MetaspaceRule.PrependScheme(rawValue: text) else {
                throw refusal("\(place) prepend_scheme", text)
            }
            scheme = known
        } else {
            // Older files say the same with a flag.
            let adds = try flag(part, "add_prefix_space", default: true, in: place)
            scheme = adds ? .always : .never
        }
        return MetaspaceRule(
            replacement: Array(replacement.utf8), prependScheme: scheme,
            splits: try flag(part, "split", default: true, in: place))
    }

    static func decoder(_ part: JSONValue) throws -> TokenDecoder {
        let type = try type(of: part, in: "the decoder")
        let place = "decoder \(type)"
        switch type {
        case "ByteLevel": return .byteLevel
        case "Replace":
            let content = Array(try string(part, "content", in: place).utf8)
            return .replace(try pattern(part, in: place), content)
        case "ByteFallback": return .byteFallback
        case "Fuse": return .fuse
        case "Strip":
            return .strip(
                character: Array(try string(part, "content", in: place).utf8),
                start: Int(try id(part["start"], of: place)),
                end: Int(try id(part["stop"], of: place)))
        case "Metaspace": return .metaspace(try metaspace(part, in: place))
        case "Sequence": return .sequence(try list(part, "decoders", in: place).map(decoder))
        default: throw refusal("decoder", type)
        }
    }

    /// The ids around a single text.
    static func template(_ part: JSONValue) throws -> (prefix: [Int32], suffix: [Int32]) {
        let type = try type(of: part, in: "the post-processor")
        switch type {
        case "ByteLevel": return ([], [])
        case "TemplateProcessing": return try templateIDs(part)
        case "Sequence":
            // Each works on what the one before has made, so later ids lie further out.
            return try list(part, "processors", in: "the post-processor").map(template).reduce(
                ([], [])
            ) { ($1.prefix + $0.0, $0.1 + $1.suffix) }
        default: throw refusal("post-processor", type)
        }
    }

    private static func templateIDs(
        _ part: JSONValue
    ) throws -> (prefix: [Int32], suffix: [Int32]) {
        let place = "the post-processor's template"
        var sides: [[Int32]] = [[]]
        for piece in try list(part, "single", in: place) {
            if let token = piece["SpecialToken"]?["id"]?.string {
                guard let ids = part["special_tokens"]?[token]?["ids"]?.array else {
                    throw SpinError.damaged(name, "\(place) does not define '\(token)'")
                }
                sides[sides.count - 1] += try ids.map { try id($0, of: "'\(token)'") }
            } else if piece["Sequence"]?["id"]?.string == "A" {
                sides.append([])
            } else {
                throw refusal("post-processor", "a piece of the template")
            }
        }
        guard sides.count == 2 else { throw refusal("post-processor", "a template without $A") }
        return (sides[0], sides[1])
    }
}
