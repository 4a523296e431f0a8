package import SpinDomain
import Tensors
package import Transformer

/// Generates responses by continuous batching: a finished sequence's slot is refilled at once.
///
/// A wave starts with empty slots and depends on nothing that ran before it, so that generating it
/// again gives the same bits. Which tokens are drawn depends on the request alone, up to rounding.
/// What all prompts of a wave begin with, a template's system message, is computed once.
package final class Rollout {
    /// What a rollout spends its time on.
    package enum Phase: Sendable {
        /// Prompts and actual responses go through the policy.
        case scoring
        case generation
    }

    /// Called when a phase begins; for who measures them.
    package var phaseBegan: ((Phase) -> Void)?

    /// Rows of one prefill pass; keeps its activations small beside the cache.
    package static let prefillRows = 2048

    /// Shorter common beginnings of prompts are computed for each.
    private static let smallestPrefix = 8

    private let decoder: Decoder
    private let pass: InferencePass
    private let sampler: Sampler
    private let rules: RolloutRules
    /// Sequences prefilled and scored side by side.
    private let sequencesAtOnce: Int
    /// One vocabulary a worker.
    private let scratch: FloatBuffer
    /// Tokens that all prompts of the present wave begin with; every slot holds them.
    private var prefix = 0
    /// Tokens drawn since the rollout was made.
    package private(set) var drawnTokens = 0
    /// Tokens of prompts and actual responses since then.
    package private(set) var scoredTokens = 0
    /// Responses of the present wave that are complete.
    package private(set) var finishedInWave = 0

    /// - Parameter capacity: longest prompt with its actual response or its budget, in tokens.
    package init(decoder: Decoder, rules: RolloutRules, options: SpinOptions, capacity: Int) {
        self.decoder = decoder
        self.rules = rules
        sequencesAtOnce = options.logProbForwardMicroBatchSize
        let vocabulary = decoder.configuration.vocabularySize
        sampler = Sampler(
            options.samplingParams, minLength: options.lengthParams.minLength,
            stopTokens: rules.stopTokens.sorted(), vocabularySize: vocabulary)
        let cache = KeyValueCache(
            configuration: decoder.configuration, slots: options.rolloutMicroBatchSize,
            capacity: capacity)
        pass = InferencePass(decoder: decoder, cache: cache)
        scratch = FloatBuffer(count: vocabulary * decoder.pool.width)
    }

    /// Answers one wave of requests, the longest prompts first.
    ///
    /// - Parameter betweenSteps: called between decoding steps; what it throws ends the wave.
    /// - Returns: in the order of the requests.
    /// - Throws: `diverged` when a logit is not finite.
    package func answer(
        _ requests: [RolloutRequest], betweenSteps: () throws -> Void
    ) throws -> [RolloutAnswer] {
        sharePrefix(of: requests)
        var wave = Wave(requests, slots: pass.cache.slots)
        while !wave.isDone {
            finishedInWave = wave.finished
            try betweenSteps()
            while let group = wave.admit(sequences: sequencesAtOnce, rows: Self.prefillRows, make) {
                try begin(group, &wave)
            }
            try advance(&wave)
        }
        finishedInWave = 0
        return wave.answers
    }

    /// Fills every slot with the tokens that all prompts begin with.
    private func sharePrefix(of requests: [RolloutRequest]) {
        for slot in 0..<pass.cache.slots { pass.cache.truncate(slot, to: 0) }
        let shared = PromptPrefix.length(of: requests.map(\.prompt))
        prefix = shared >= Self.smallestPrefix ? shared : 0
        guard prefix > 0, let prompt = requests.first?.prompt else { return }
        pass.extend([.init(slot: 0, tokens: Array(prompt[..<prefix]))], readable: [])
        for slot in 1..<max(1, min(pass.cache.slots, requests.count)) {
            pass.cache.copy(prefix, from: 0, to: slot)
        }
    }

    private func make(_ index: Int, _ request: RolloutRequest) -> LiveSequence {
        LiveSequence(
            index: index, request: request, endStrings: rules.endStrings,
            seen: sampler.needsSeenTokens ? SeenTokens(request.prompt) : nil)
    }

    /// Runs prompts and actual responses in one go, scores the latter, and draws first tokens.
    private func begin(_ slots: [Int], _ wave: inout Wave) throws {
        var chunks: [InferencePass.Chunk] = []
        var targets: [ScoredTarget] = []
        var ends: [Int] = []
        var lastPromptRows: [Int] = []
        var row = 0
        for slot in slots {
            guard let request = wave.live[slot]?.request else { continue }
            let tokens = request.prompt.dropFirst(prefix) + request.actual.dropLast()
            chunks.append(.init(slot: slot, tokens: Array(tokens)))
            // Where the prompt's row 0 would be if the shared prefix had rows.
            let firstRow = row - prefix
            targets += rules.window(of: request.actual, after: request.prompt, firstRow: firstRow)
            ends.append(targets.count)
            lastPromptRows.append(firstRow + request.prompt.count - 1)
            row += tokens.count
        }
        phaseBegan?(.scoring)
        pass.extend(chunks, readable: targets.map(\.row) + lastPromptRows)
        let logps = pass.logProbabilities(targets)
        scoredTokens += row
        phaseBegan?(.generation)
        var first = 0
        for (slot, end) in zip(slots, ends) {
            wave.live[slot]?.scoreActual(logps[first..<end], rules)
            first = end
        }
        try draw(slots, rows: lastPromptRows, &wave)
        for slot in slots {
            pass.cache.truncate(slot, to: wave.live[slot]?.request.prompt.count ?? prefix)
        }
    }

    /// One decoding step of every live sequence.
    private func advance(_ wave: inout Wave) throws {
        let slots = wave.liveSlots
        guard !slots.isEmpty else { return }
        pass.extend(
            slots.map { .init(slot: $0, tokens: [wave.live[$0]?.answer.generated.last ?? 0]) })
        try draw(slots, rows: Array(slots.indices), &wave)
        for slot in slots where wave.live[slot] == nil { pass.cache.truncate(slot, to: prefix) }
    }

    /// Draws the next token of each slot from its row of the last pass, split over the workers.
    private func draw(_ slots: [Int], rows: [Int], _ wave: inout Wave) throws {
        let logits = pass.logits(of: rows)
        guard let logits = logits.baseAddress else { return }
        let vocabulary = sampler.vocabularySize
        let sequences = slots.compactMap { wave.live[$0] }
        var draws = [Sampler.Draw](
            repeating: .init(token: 0, logProbability: .nan), count: slots.count)
        draws.withUnsafeMutableBufferPointer { draws in
            let draws = draws.baseAddress
            decoder.pool.split(slots.count) { worker, range in
                for place in range {
                    let sequence = sequences[place]
                    draws?[place] = sampler.draw(
                        logits + place * vocabulary, position: sequence.answer.generated.count,
                        seen: sequence.seen?.tokens ?? [], random: sequence.request.random,
                        scratch: scratch.pointer + worker * vocabulary)
                }
            }
        }
        drawnTokens += draws.count
        for (slot, draw) in zip(slots, draws) {
            guard draw.logProbability.isFinite else {
                throw SpinError(
                    .diverged, "a logit of the reference policy is not finite",
                    hint: "the weights overflowed; lower the learning rate")
            }
            wave.append(draw, to: slot, rules)
        }
    }
}
