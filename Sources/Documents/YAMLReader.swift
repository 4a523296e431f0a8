import SpinDomain
import Yams

/// Turns YAML into JSON values through Yams' node tree, whose scalars are still the text as written.
struct YAMLReader {
    /// Aliases multiply: five levels of ten make a hundred thousand nodes out of one line.
    static let maximumAliases = 16
    /// Nodes of the result, those that aliases repeat counted each time.
    static let maximumNodes = 200_000

    private var nodes = 0

    static func read(_ text: String) throws -> JSONValue {
        // Before the tree is made, because making it already compares keys that may be aliases.
        guard aliasCount(text) <= maximumAliases else {
            throw SpinError(.malformed, "the YAML text has more than \(maximumAliases) aliases")
        }
        // The basic resolver leaves every plain scalar alone; the core schema is applied below.
        let node: Node?
        do {
            node = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw error.asSpinError
        }
        guard let node else { throw SpinError(.malformed, "the YAML text is empty") }
        var reader = YAMLReader()
        return try reader.value(node, depth: 0)
    }

    /// At least the number of aliases: asterisks at both ends of which an alias could stand,
    /// also those within strings and comments.
    private static func aliasCount(_ text: String) -> Int {
        let bytes = text.utf8
        return zip(bytes, bytes.dropFirst()).reduce(into: (count: 0, before: UInt8(ascii: " "))) {
            let (byte, next) = $1
            // White space and indicators may stand before an alias; non-ASCII bytes end the
            // line breaks that only YAML knows.
            let canBegin =
                $0.before <= 0x20 || $0.before > 0x7E
                || "[]{},:-?\"'".utf8.contains($0.before)
            if byte == UInt8(ascii: "*"), canBegin, next > 0x20 { $0.count += 1 }
            $0.before = byte
        }.count
    }

    private mutating func value(_ node: Node, depth: Int) throws -> JSONValue {
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            throw fault("the document has more than \(Self.maximumNodes) values", node)
        }
        guard depth < JSONParser.maximumDepth else {
            throw fault("nested deeper than \(JSONParser.maximumDepth) levels", node)
        }
        switch node {
        case .scalar(let scalar): return try Self.scalar(scalar, node)
        case .sequence(let sequence):
            try check(tag: sequence.tag, is: ["seq"], node)
            return .array(try sequence.map { try value($0, depth: depth + 1) })
        case .mapping(let mapping):
            try check(tag: mapping.tag, is: ["map"], node)
            return .object(try object(mapping, depth: depth))
        case .alias: throw fault("an alias without its anchor", node)
        }
    }

    private mutating func object(_ mapping: Node.Mapping, depth: Int) throws -> JSONObject {
        var object = JSONObject()
        for (keyNode, valueNode) in mapping {
            guard let key = keyNode.scalar else { throw fault("a key must be a string", keyNode) }
            if key.string == "<<", key.style == .plain {
                throw fault("merge keys (<<) are not part of the core schema", keyNode)
            }
            guard object[key.string] == nil else {
                throw fault("the key '\(key.string)' appears twice", keyNode)
            }
            object[key.string] = try value(valueNode, depth: depth + 1)
        }
        return object
    }

    private static func scalar(_ scalar: Node.Scalar, _ node: Node) throws -> JSONValue {
        switch scalar.tag.description {
        case "" where scalar.style == .plain: return CoreSchema.value(scalar.string)
        case "", "!", corePrefix + "str": return .string(scalar.string)
        case let tag:
            // `!!float 1` is a number, though it is written as an integer is.
            let value = CoreSchema.value(scalar.string)
            switch (tag, value) {
            case (corePrefix + "null", .null), (corePrefix + "bool", .bool),
                (corePrefix + "int", .integer), (corePrefix + "float", .number):
                return value
            case (corePrefix + "float", .integer(let integer)): return .number(Double(integer))
            default: throw fault("'\(scalar.string)' cannot be read with the tag \(tag)", node)
            }
        }
    }

    private static let corePrefix = "tag:yaml.org,2002:"

    private func check(tag: Tag, is allowed: [String], _ node: Node) throws {
        let name = tag.description
        guard ["", "!"].contains(name) || allowed.contains(where: { name == Self.corePrefix + $0 })
        else { throw fault("the tag \(name) is not part of the core schema", node) }
    }

    private func fault(_ what: String, _ node: Node) -> SpinError {
        Self.fault(what, node)
    }

    private static func fault(_ what: String, _ node: Node) -> SpinError {
        guard let mark = node.mark else { return SpinError(.malformed, "not valid YAML: \(what)") }
        return SpinError(
            .malformed, "not valid YAML at line \(mark.line), column \(mark.column): \(what)")
    }
}

extension YamlError {
    /// The same fault in our words; Yams' own description repeats the whole text.
    fileprivate var asSpinError: SpinError {
        switch self {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            return Self.malformed(reason, line: mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            return Self.malformed(
                "the key \(names) appears twice", line: context.mark.line,
                column: context.mark.column)
        case .reader(let problem, let offset, _, let text):
            let before = text.prefix(offset ?? 0).unicodeScalars
            let line = before.count { $0 == "\n" } + 1
            let column = before.reversed().prefix { $0 != "\n" }.count + 1
            return Self.malformed(problem, line: line, column: column)
        default: return SpinError(.malformed, "not valid YAML")
        }
    }

    private static func malformed(_ reason: String, line: Int, column: Int) -> SpinError {
        SpinError(.malformed, "not valid YAML at line \(line), column \(column): \(reason)")
    }
}
