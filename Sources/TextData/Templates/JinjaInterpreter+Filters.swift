import SpinDomain

extension JinjaInterpreter {
    /// Jinja's filters, with Transformers' own `tojson`.
    mutating func apply(
        _ filter: JinjaFilter, _ base: JinjaValue, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        let name = filter.rawValue
        switch filter {
        case .trim:
            let characters = try call.bound(to: ["chars"], name, line).text("chars", of: name, line)
            return .string(try text(base, line).stripped(characters))
        case .tojson: return try json(base, call, line)
        case .default, .d:
            let arguments = try call.bound(to: ["default_value", "boolean"], name, line)
            let isReplaced =
                arguments["boolean"]?.isTrue ?? false ? !base.isTrue : base.isUndefined
            return isReplaced ? arguments["default_value"] ?? .string("") : base
        case .length, .count: return .integer(try length(base, line))
        case .upper: return .string(try text(base, line).uppercased())
        case .lower: return .string(try text(base, line).lowercased())
        case .capitalize: return .string(try text(base, line).capitalizedFirst())
        case .string, .safe: return .string(try text(base, line))
        case .int: return try integer(base, call, line)
        case .replace: return try replace(try text(base, line), call, line)
        case .indent: return try indent(try text(base, line), call, line)
        case .items:
            guard case .dictionary(let dictionary) = base else {
                guard base.isUndefined else { throw Self.problem(line, "'items' of \(base.kind)") }
                return .list([])
            }
            return .list(dictionary.members.map { .list([.string($0.key), $0.value]) })
        case .join, .first, .last, .list, .reverse, .selectattr, .rejectattr, .map:
            return try apply(filter, toElements: base, call, line)
        }
    }

    private mutating func apply(
        _ filter: JinjaFilter, toElements base: JinjaValue, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        let name = filter.rawValue
        let elements = try elements(of: base, line)
        switch filter {
        case .join:
            let arguments = try call.bound(to: ["d", "attribute"], name, line)
            let separator = try arguments.text("d", of: name, line) ?? ""
            let parts = try arguments.text("attribute", of: name, line).map { attribute in
                elements.map { Self.attribute(attribute, of: $0) }
            }
            return try join(parts ?? elements, separator: separator, line)
        case .first: return elements.first ?? .undefined("first")
        case .last: return elements.last ?? .undefined("last")
        case .reverse:
            guard case .string(let text) = base else { return .list(elements.reversed()) }
            return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
        case .selectattr, .rejectattr:
            return .list(
                try elements.filter { element in
                    try isSelected(element, call, name, line) == (filter == .selectattr)
                })
        case .map:
            let arguments = try call.bound(to: ["", "attribute"], name, line)
            guard let attribute = try arguments.text("attribute", of: name, line),
                call.positional.isEmpty
            else { throw Self.problem(line, "'map' without an attribute") }
            return .list(elements.map { Self.attribute(attribute, of: $0) })
        default: return .list(elements)
        }
    }

    private static func attribute(_ name: String, of element: JinjaValue) -> JinjaValue {
        guard case .dictionary(let dictionary) = element else { return .undefined(name) }
        return dictionary[name] ?? .undefined(name)
    }

    /// Whether an element passes `selectattr(attribute, test, argument)`.
    private func isSelected(
        _ element: JinjaValue, _ call: JinjaCall, _ name: String, _ line: Int
    ) throws -> Bool {
        guard call.named.isEmpty, case .string(let attribute) = call.positional.first,
            !attribute.contains(".")
        else { throw Self.problem(line, "these arguments of '\(name)'") }
        let value = Self.attribute(attribute, of: element)
        guard call.positional.count > 1 else { return value.isTrue }
        var symbolic: [String: JinjaTest] = ["==": .eq, "!=": .ne]
        if case .string(let word) = call.positional[1] {
            symbolic[word] = symbolic[word] ?? JinjaTest(rawValue: word)
            if let test = symbolic[word] {
                let rest = JinjaCall(positional: Array(call.positional.dropFirst(2)))
                return try holds(test, value, rest, line)
            }
        }
        throw Self.problem(line, "this test in '\(name)'")
    }

    private func length(_ base: JinjaValue, _ line: Int) throws -> Int {
        switch base {
        case .undefined: 0
        case .string(let text): text.unicodeScalars.count
        case .list(let elements): elements.count
        case .dictionary(let dictionary): dictionary.members.count
        default: throw Self.problem(line, "the length of \(base.kind)")
        }
    }

    private func integer(
        _ base: JinjaValue, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        let standard = try call.bound(to: ["default"], "int", line)["default"] ?? .integer(0)
        switch base {
        case .number(let number):
            guard let whole = Int(exactly: number.rounded(.towardZero)) else {
                throw Self.problem(line, "'int' of such a number")
            }
            return .integer(whole)
        case .string(let text):
            return Int(text.stripped(nil)).map { .integer($0) } ?? standard
        default: return base.asInteger.map { .integer($0) } ?? standard
        }
    }

    private func indent(_ text: String, _ call: JinjaCall, _ line: Int) throws -> JinjaValue {
        let arguments = try call.bound(to: ["width", "first", "blank"], "indent", line)
        let width = try arguments.integer("width", of: "indent", line) ?? 4
        guard (0...1000).contains(width) else { throw Self.problem(line, "such an 'indent'") }
        let space = String(repeating: " ", count: width)
        let indentsBlank = arguments["blank"]?.isTrue ?? false
        let lines = text.cut(at: text.occurrences(of: "\n")).enumerated().map { index, content in
            let isKept = index == 0 ? !(arguments["first"]?.isTrue ?? false) : false
            let isBlank = content.isEmpty && !indentsBlank && index > 0
            return JinjaValue.string(isKept || isBlank ? content : space + content)
        }
        return try join(lines, separator: "\n", line)
    }

    private func json(_ base: JinjaValue, _ call: JinjaCall, _ line: Int) throws -> JinjaValue {
        let names = ["ensure_ascii", "indent", "separators", "sort_keys"]
        let arguments = try call.bound(to: names, "tojson", line)
        let isPlain =
            !(arguments["ensure_ascii"]?.isTrue ?? false)
            && !(arguments["sort_keys"]?.isTrue ?? false)
        guard isPlain, arguments["separators"] == nil, let value = base.asJSON else {
            throw Self.problem(line, "'tojson' of \(base.kind) in this way")
        }
        let width = try arguments.integer("indent", of: "tojson", line)
        guard (0...64).contains(width ?? 0) else { throw Self.problem(line, "such an indent") }
        let layout: JSONLayout = width.map { .indented($0) } ?? .spaced
        return .string(String(decoding: value.utf8(layout), as: UTF8.self))
    }

    func holds(
        _ test: JinjaTest, _ value: JinjaValue, _ call: JinjaCall, _ line: Int
    ) throws -> Bool {
        switch (test, value) {
        case (.defined, _): return !value.isUndefined
        case (.undefined, _): return value.isUndefined
        case (.none, .none), (.string, .string), (.mapping, .dictionary), (.boolean, .boolean),
            (.integer, .integer), (.float, .number), (.number, .integer), (.number, .number),
            (.number, .boolean), (.iterable, .string), (.iterable, .list), (.iterable, .dictionary),
            (.iterable, .undefined), (.sequence, .string), (.sequence, .list),
            (.sequence, .dictionary), (.sequence, .undefined), (.true, .boolean(true)),
            (.false, .boolean(false)):
            return true
        case (.odd, _), (.even, _):
            guard let number = value.asInteger else {
                throw Self.problem(line, "whether \(value.kind) is \(test.rawValue)")
            }
            return (number % 2 != 0) == (test == .odd)
        case (.equalto, _), (.eq, _), (.ne, _), (.in, _):
            guard let other = call.positional.first else {
                throw Self.problem(line, "the test '\(test.rawValue)' without a value")
            }
            if test == .in { return try contains(other, value, line) }
            return value.equals(other) == (test != .ne)
        default: return false
        }
    }
}
