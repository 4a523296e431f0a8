import SpinDomain

extension GGUFVocabulary {
    /// SentencePiece's mark for a space.
    private static let mark = "\u{2581}"
    /// Longer tokens are no words; their cuts would take long to try.
    private static let longestToken = 2048

    /// `normalizer`, `pre_tokenizer`, `post_processor`, `decoder` and `model` of the file.
    func sentencePieceParts() throws -> [JSONMember] {
        let addsSpace = addSpacePrefix ?? true
        let pairs = merges.isEmpty ? try mergesFromScores() : try merges.map(Self.pair)
        let hasBytes = tokens.contains { $0.isSpelled(BytePairModel.fallbackToken(0)) }
        let model: [JSONMember] = [
            JSONMember("type", .string("BPE")), JSONMember("dropout", .null),
            JSONMember("unk_token", name(of: unk).map { .string($0) } ?? .null),
            JSONMember("continuing_subword_prefix", .null), JSONMember("end_of_word_suffix", .null),
            JSONMember("fuse_unk", .boolean(true)), JSONMember("byte_fallback", .boolean(hasBytes)),
            JSONMember("ignore_merges", .boolean(false)), JSONMember("vocab", vocabulary()),
            JSONMember(
                "merges", .array(pairs.map { .array([.string($0.left), .string($0.right)]) })),
        ]
        return [
            JSONMember("normalizer", Self.normalizer(addsSpace: addsSpace)),
            JSONMember("pre_tokenizer", .null),
            JSONMember("post_processor", template(addsBegin: true)),
            JSONMember("decoder", Self.decoder(stripsSpace: addsSpace)),
            JSONMember("model", .object(model)),
        ]
    }

    /// All pairs of tokens that make a token, the ones with the highest score first.
    ///
    /// SentencePiece merges whichever neighbours make the best token; an order of pairs says the same
    /// for a file that has no scores. Equal scores come in Hugging Face's order, longer halves first.
    /// - Throws: `damagedFile` without scores, `unsupported` for tokens of absurd length.
    func mergesFromScores() throws -> [(left: String, right: String)] {
        struct Candidate {
            let left: String
            let right: String
            let score: Float
            let lengths: (Int, Int)
        }
        guard let scores else {
            throw SpinError.damaged("GGUF", "it has neither scores nor merges")
        }
        var ids: [Spelling: Int] = [:]
        for (id, token) in tokens.enumerated() where isNormal(id) { ids[Spelling(token)] = id }
        var candidates: [Candidate] = []
        for (id, token) in tokens.enumerated() where ids[Spelling(token)] == id {
            guard token.utf8.count <= Self.longestToken else {
                throw SpinError(.unsupported, "token \(id) has \(token.utf8.count) bytes")
            }
            let scalars = token.unicodeScalars
            var cuts: [(candidate: Candidate, left: Int, right: Int)] = []
            for (length, place) in scalars.indices.enumerated().dropFirst() {
                let left = String(scalars[..<place])
                let right = String(scalars[place...])
                guard let first = ids[Spelling(left)], let second = ids[Spelling(right)] else {
                    continue
                }
                let lengths = (length, scalars.count - length)
                cuts.append(
                    (
                        Candidate(left: left, right: right, score: scores[id], lengths: lengths),
                        first, second
                    ))
            }
            candidates += cuts.sorted { ($0.left, $0.right) < ($1.left, $1.right) }.map(\.candidate)
        }
        // Swift's sort is stable, so pairs that are equal in all this keep the vocabulary's order.
        return candidates.sorted {
            ($0.score, $0.lengths.0, $0.lengths.1) > ($1.score, $1.lengths.0, $1.lengths.1)
        }.map { ($0.left, $0.right) }
    }

    private static func pair(_ merge: String) throws -> (left: String, right: String) {
        let halves = merge.split(separator: " ", omittingEmptySubsequences: false)
        guard halves.count == 2 else { throw SpinError.damaged("GGUF", "a bad merge '\(merge)'") }
        return (String(halves[0]), String(halves[1]))
    }

    private static func replacement(_ old: String, _ new: String) -> JSONValue {
        .object([
            JSONMember("type", .string("Replace")),
            JSONMember("pattern", .object([JSONMember("String", .string(old))])),
            JSONMember("content", .string(new)),
        ])
    }

    private static func normalizer(addsSpace: Bool) -> JSONValue {
        let prepend = JSONValue.object([
            JSONMember("type", .string("Prepend")), JSONMember("prepend", .string(mark)),
        ])
        return .object([
            JSONMember("type", .string("Sequence")),
            JSONMember(
                "normalizers", .array((addsSpace ? [prepend] : []) + [replacement(" ", mark)])),
        ])
    }

    private static func decoder(stripsSpace: Bool) -> JSONValue {
        var steps = [
            replacement(mark, " "), JSONValue.object([JSONMember("type", .string("ByteFallback"))]),
            JSONValue.object([JSONMember("type", .string("Fuse"))]),
        ]
        if stripsSpace {
            steps.append(
                .object([
                    JSONMember("type", .string("Strip")), JSONMember("content", .string(" ")),
                    JSONMember("start", .integer(1)), JSONMember("stop", .integer(0)),
                ]))
        }
        return .object([
            JSONMember("type", .string("Sequence")), JSONMember("decoders", .array(steps)),
        ])
    }
}
