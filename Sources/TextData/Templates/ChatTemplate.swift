import SpinDomain

/// A model's own way to write a conversation as one text, in the Jinja that its files carry.
public struct ChatTemplate: Sendable {
    public let source: String
    /// What the template puts behind an assistant's text in a finished conversation, for example
    /// "<|im_end|>\n".
    public let endOfTurn: String

    private let statements: [JinjaStatement]
    private let specialTokens: [String: String]

    /// Parses the template and tries it on a short conversation.
    ///
    /// - Parameter specialTokens: `bos_token`, `eos_token` and so on, by these names.
    /// - Throws: `malformed` or `unsupported` for what cannot be rendered here, with the line.
    public init(source: String, specialTokens: [String: String]) throws {
        self.source = source
        self.specialTokens = specialTokens
        statements = try JinjaParser.statements(of: source)
        let sentinel = "SENTINEL-7f3a"
        let trial = try Self.run(
            statements, specialTokens,
            [
                ChatMessage(role: "user", content: "question"),
                .init(role: "assistant", content: sentinel),
            ],
            addGenerationPrompt: false)
        guard let place = trial.occurrences(of: sentinel).last else {
            throw SpinError(.unsupported, "the chat template leaves out the assistant's text")
        }
        endOfTurn = String(trial[place.upperBound...])
    }

    /// The conversation as text, special tokens spelled out.
    ///
    /// - Parameter addGenerationPrompt: whether the text ends where the assistant is to begin.
    /// - Throws: `invalid` when the template refuses the messages, `unsupported` when it does something
    ///   with them that cannot be done here.
    public func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
        try Self.run(
            statements, specialTokens, messages, addGenerationPrompt: addGenerationPrompt)
    }

    /// The text of any template, also one that does not show an assistant's turn.
    package static func evaluate(
        _ source: String, messages: [ChatMessage], addGenerationPrompt: Bool,
        variables: [String: String]
    ) throws -> String {
        try run(
            JinjaParser.statements(of: source), variables, messages,
            addGenerationPrompt: addGenerationPrompt)
    }

    private static func run(
        _ statements: [JinjaStatement], _ specialTokens: [String: String],
        _ messages: [ChatMessage], addGenerationPrompt: Bool
    ) throws -> String {
        var variables: [String: JinjaValue] = [
            "messages": .list(
                messages.map {
                    .dictionary(["role": .string($0.role), "content": .string($0.content)])
                }),
            "add_generation_prompt": .boolean(addGenerationPrompt),
            // Defined, and empty, as Transformers passes them.
            "tools": .none, "documents": .none,
        ]
        for (name, token) in specialTokens { variables[name] = .string(token) }
        return try JinjaInterpreter.render(statements, variables: variables)
    }
}
