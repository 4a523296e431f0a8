import SpinDomain
import Tensors
import TextData
import Transformer

/// Writes the texts of one request, all choices side by side on the prompt's keys and values.
struct Completion {
    /// Rows of a prompt that go through the model together: well below a second's work, after which
    /// a request can be cancelled.
    private static let prefillRows = 256
    /// Rows of an echoed prompt whose logits are in memory together.
    private static let scoredRows = 16

    private let request: TextRequest
    private let prompt: CompletionPrompt
    private let setting: ModelSetting
    private let pass: InferencePass
    private let sampler: Sampler
    private let randoms: [CounterRandom]
    private let scratch: FloatBuffer

    init(_ request: TextRequest, _ prompt: CompletionPrompt, _ model: LoadedModel) {
        self.request = request
        self.prompt = prompt
        setting = model.setting
        let configuration = model.decoder.configuration
        pass = InferencePass(
            decoder: model.decoder,
            cache: KeyValueCache(
                configuration: configuration, slots: request.choices,
                capacity: prompt.tokens.count + prompt.budget),
            packed: model.packed)
        sampler = Sampler(
            request.sampling, minLength: 0, stopTokens: [],
            vocabularySize: configuration.vocabularySize)
        randoms = (0..<request.choices).map {
            CounterRandom(seed: request.seed, stream: (UInt32($0), 0, 0))
        }
        scratch = FloatBuffer(count: configuration.vocabularySize)
    }

    /// What a request needs besides the model: keys and values, logits.
    static func bytes(
        _ request: TextRequest, _ prompt: CompletionPrompt, _ decoder: DecoderConfiguration
    ) -> Int {
        let places = request.choices * (prompt.tokens.count + prompt.budget)
        let logits = max(request.choices, scoredRows) * decoder.vocabularySize
        return (2 * decoder.layers * decoder.keyValueChannels * places + logits)
            * MemoryLayout<Float>.size
    }

    /// - Throws: `diverged` when a logit is not finite; what `heed` and `report` throw.
    func run(
        isLate: () -> Bool, heed: () throws -> Void, report: (TextEvent) throws -> Void
    ) throws -> TextUsage {
        try report(.began(prompt: prompt.tokens))
        var echo: [TextToken] = []
        let lastRow = try readPrompt(&echo, heed)
        var texts = (0..<request.choices).map(makeText)
        for text in texts where request.echoes {
            try report(.piece(.init(choice: text.choice, text: prompt.text, tokens: echo)))
        }
        if prompt.budget == 0 {
            for text in texts { try report(.ended(choice: text.choice, .length)) }
            return TextUsage(promptTokens: prompt.tokens.count, completionTokens: 0)
        }
        for choice in texts.indices.dropFirst() {
            pass.cache.copy(prompt.tokens.count, from: 0, to: choice)
        }
        var live = Array(texts.indices)
        var rows = live.map { _ in lastRow }
        while true {
            try draw(live, rows: rows, &texts, report)
            live.removeAll { texts[$0].ending != nil }
            if live.isEmpty { break }
            try heed()
            if isLate() {
                for choice in live { try end(&texts[choice], report) }
                break
            }
            pass.extend(live.map { .init(slot: $0, tokens: [texts[$0].last]) })
            rows = Array(live.indices)
        }
        return TextUsage(
            promptTokens: prompt.tokens.count,
            completionTokens: texts.reduce(0) { $0 + $1.count })
    }

    private func makeText(_ choice: Int) -> WrittenText {
        WrittenText(
            choice: choice, stops: request.sampling.endStrings,
            offset: request.echoes ? prompt.text.unicodeScalars.count : 0,
            seen: sampler.needsSeenTokens ? SeenTokens(prompt.tokens) : nil)
    }

    // MARK: The prompt

    /// Runs the prompt through the model, in slot 0.
    ///
    /// - Parameter echo: the prompt's tokens, where they are to be shown.
    /// - Returns: the row of the last token in the last `extend`.
    private func readPrompt(
        _ echo: inout [TextToken], _ heed: () throws -> Void
    ) throws -> Int {
        let tokens = prompt.tokens
        if request.echoes { echo = unscoredPrompt }
        var rows = 0
        for first in stride(from: 0, to: tokens.count, by: Self.prefillRows) {
            try heed()
            let part = tokens[first..<min(first + Self.prefillRows, tokens.count)]
            rows = part.count
            let chunk = InferencePass.Chunk(slot: 0, tokens: Array(part))
            if let count = request.logProbabilities, request.echoes {
                pass.extend([chunk])
                score(&echo, afterRows: part.indices, likeliest: count)
            } else {
                pass.extend([chunk], readable: part.endIndex == tokens.endIndex ? [rows - 1] : [])
            }
        }
        return rows - 1
    }

    /// The prompt's tokens with their places in its text.
    private var unscoredPrompt: [TextToken] {
        var offset = 0
        return prompt.tokens.map { id in
            defer { offset += textBytes(of: id).scalarCount }
            return TextToken(id: id, bytes: spelling(of: id), offset: offset)
        }
    }

    /// Scores the prompt's tokens that follow the rows of the last `extend`.
    private func score(_ echo: inout [TextToken], afterRows rows: Range<Int>, likeliest: Int) {
        let predicting = rows.prefix { $0 + 1 < echo.count }
        for first in stride(from: 0, to: predicting.count, by: Self.scoredRows) {
            let block = predicting.dropFirst(first).prefix(Self.scoredRows)
            let logits = pass.logits(of: block.map { $0 - rows.lowerBound })
            for (place, row) in block.enumerated() {
                score(&echo[row + 1], TokenScores(logits.row(place, of: sampler.vocabularySize)))
            }
        }
    }

    private func score(_ token: inout TextToken, _ scores: TokenScores) {
        token.logProbability = scores.logProbability(token.id)
        token.likeliest = scores.likeliest(request.logProbabilities ?? 0).map {
            .init(id: $0, bytes: spelling(of: $0), logProbability: scores.logProbability($0))
        }
    }

    // MARK: The texts

    /// Draws the next token of each live text from its row of the last pass.
    private func draw(
        _ live: [Int], rows: [Int], _ texts: inout [WrittenText],
        _ report: (TextEvent) throws -> Void
    ) throws {
        let logits = pass.logits(of: rows)
        for (place, choice) in live.enumerated() {
            let row = logits.row(place, of: sampler.vocabularySize)
            guard let first = row.baseAddress else { continue }
            let draw = sampler.draw(
                first, position: texts[choice].count, seen: texts[choice].seen?.tokens ?? [],
                random: randoms[choice], scratch: scratch.pointer)
            guard draw.logProbability.isFinite else {
                throw SpinError(
                    .diverged, "a logit of the model is not finite",
                    hint: "the weights overflowed in training; take an earlier checkpoint")
            }
            try append(draw.token, to: &texts[choice], row, report)
        }
    }

    private func append(
        _ id: Int32, to text: inout WrittenText, _ logits: UnsafeBufferPointer<Float>,
        _ report: (TextEvent) throws -> Void
    ) throws {
        var token = TextToken(id: id, bytes: spelling(of: id), offset: 0)
        if request.logProbabilities != nil { score(&token, TokenScores(logits)) }
        let isStop = setting.stopTokens.contains(id)
        let piece = text.append(
            token, bytes: isStop ? [] : textBytes(of: id), isStop: isStop, budget: prompt.budget)
        try tell(piece, of: text, report)
    }

    private func end(_ text: inout WrittenText, _ report: (TextEvent) throws -> Void) throws {
        try tell(text.end(.length), of: text, report)
    }

    private func tell(
        _ piece: TextPiece?, of text: WrittenText, _ report: (TextEvent) throws -> Void
    ) throws {
        if let piece { try report(.piece(piece)) }
        if let ending = text.ending { try report(.ended(choice: text.choice, ending)) }
    }

    // MARK: Spelling

    private func spelling(of id: Int32) -> [UInt8]? { setting.codec?.tokenizer.bytes(of: id) }

    /// What a token adds to a text: nothing if it is a control token.
    private func textBytes(of id: Int32) -> [UInt8] {
        guard let tokenizer = setting.codec?.tokenizer, !tokenizer.isSpecial(id) else { return [] }
        return tokenizer.bytes(of: id) ?? []
    }
}

extension UnsafeBufferPointer<Float> {
    fileprivate func row(_ index: Int, of width: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: self[index * width..<(index + 1) * width])
    }
}
