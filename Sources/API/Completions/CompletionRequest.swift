import SpinDomain

/// The body of `POST /v1/completions` or `/v1/chat/completions`, in OpenAI's shape.
struct CompletionRequest: Sendable {
    enum Form: Sendable {
        case text, chat
    }

    let form: Form
    /// A registered model's name or a checkpoint's id.
    let model: String
    /// Without the model's path, and with seed 0 where none was given.
    var text: TextRequest
    let hasSeed: Bool
    let streams: Bool
    /// Whether a stream ends with a chunk about the tokens that were used.
    let streamsUsage: Bool
    let returnsTokenIDs: Bool

    static let maximumChoices = 16
    static let maximumLikeliest = 20
    static let maximumStops = 16
    private static let timeLimitSeconds = 530.0

    /// - Throws: `invalid` with every problem at once.
    init(_ form: Form, json: JSONValue) throws {
        guard json.object != nil else {
            throw SpinError.invalid(
                "the request",
                problems: [.init(pointer: "", detail: "expected an object, found \(json.kind)")])
        }
        var reader = FieldReader(json, pointer: "")
        self.form = form
        model = reader.requiredText("model")
        text = TextRequest(
            modelPath: "", prompt: form == .text ? reader.prompt() : reader.messages(),
            length: reader.length(form), sampling: reader.sampling(),
            choices: reader.optionalInteger("n", in: 1...Self.maximumChoices) ?? 1,
            logProbabilities: reader.logProbabilities(form),
            timeLimitSeconds: Self.timeLimitSeconds)
        if form == .text { text.echoes = reader.flag("echo") }
        let seed = reader.optionalInteger("seed", in: Int.min...Int.max)
        text.seed = UInt64(bitPattern: Int64(seed ?? 0))
        hasSeed = seed != nil
        streams = reader.flag("stream")
        streamsUsage = reader.streamsUsage(isStream: streams)
        returnsTokenIDs = reader.flag("return_token_ids")
        reader.readNeutralFields(form)
        let problems = reader.finish()
        guard problems.isEmpty else {
            throw SpinError.invalid("the request", problems: problems)
        }
    }
}

extension FieldReader {
    mutating func requiredText(_ key: String) -> String {
        let value = present(key)
        guard let text = value?.string, !text.isEmpty else {
            fail(key, value == nil ? "is required" : "expected a text that is not empty")
            return ""
        }
        return text
    }

    /// Nil for null, as clients send it for what they leave out.
    mutating func optionalInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = present(key) else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            let bounds =
                range.upperBound == .max
                ? "" : " from \(range.lowerBound) to \(range.upperBound)"
            fail(key, "expected a whole number" + bounds)
            return nil
        }
        return integer
    }

    mutating func optionalNumber(_ key: String, in range: ClosedRange<Double>) -> Double? {
        present(key).flatMap { checked($0, key, in: range) }
    }

    /// False for null.
    mutating func flag(_ key: String) -> Bool {
        guard let value = present(key) else { return false }
        if value.bool == nil { fail(key, "expected true or false, found \(value.kind)") }
        return value.bool ?? false
    }
}
