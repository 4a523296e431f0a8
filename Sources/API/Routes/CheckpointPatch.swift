import SpinDomain

/// A change of a checkpoint: whether it is pinned, and what people say of it.
struct CheckpointPatch {
    private static let known = ["pinned", "note"]
    private static let longestNote = 2000

    private(set) var isPinned: Bool?
    /// `.some(nil)` removes it.
    private(set) var note: String??

    /// - Throws: `invalid` with every problem at once.
    init(json: JSONValue) throws {
        var problems: [SpinError.FieldProblem] = []
        for (key, value) in json.object?.members ?? [] {
            if let detail = read(key, value) {
                problems.append(.init(pointer: "/" + key, detail: detail))
            }
        }
        if json.object == nil {
            problems = [.init(pointer: "", detail: "expected an object, found \(json.kind)")]
        }
        guard problems.isEmpty else { throw SpinError.invalid("the change", problems: problems) }
    }

    /// - Returns: what is wrong with the member.
    private mutating func read(_ key: String, _ value: JSONValue) -> String? {
        switch (key, value) {
        case ("pinned", .bool(let isPinned)): self.isPinned = isPinned
        case ("pinned", _): return "expected true or false, found \(value.kind)"
        case ("note", .null): note = .some(nil)
        case ("note", .string(let text)) where text.utf8.count <= Self.longestNote: note = text
        case ("note", _): return "expected a string of at most \(Self.longestNote) bytes, or null"
        default:
            return "cannot be changed" + Suggestion.text(for: key, among: Self.known)
                + "; pinned and note can"
        }
        return nil
    }
}
