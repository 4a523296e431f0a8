import SpinDomain

extension GGUFVocabulary {
    /// SentencePiece's mark for a space.
    private static let mark = "\u{2581}"
    /// Longer tokens are no words; their cuts would take long to try.
    private static let longestToken = 2048

    /// `normalizer`, `pre_tokenizer`, `post_processor`, `decoder` and `model` of the file.
    func sentencePieceParts() throws -> JSONObject {
        let addsSpace = addSpacePrefix ?? true
        let pairs = merges.isEmpty ? try mergesFromScores() : try merges.map(Self.pair)
        let hasBytes = tokens.contains { $0.isSpelled(BytePairModel.fallbackToken(0)) }
        let model: JSONObject = [
            "type": .string("BPE"), "dropout": .null,
            "unk_token": name(of: unk).map { .string($0) } ?? .null,
            "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
            "fuse_unk": .bool(true), "byte_fallback": .bool(hasBytes),
            "ignore_merges": .bool(false), "vocab": vocabulary(),

            "merges": .array(pairs.map { .array([.string($0.left), .string($0.right)]) }),
        ]
        return [
            "normalizer": Self.normalizer(addsSpace: addsSpace),
            "pre_tokenizer": .null,
            "post_processor": template(addsBegin: true),
            "decoder": Self.decoder(stripsSpace: addsSpace),
            "model": .object(model),
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
            "type": .string("Replace"),
            "pattern": .object(["String": .string(old)]),
            "content": .string(new),
        ])
    }

    private static func normalizer(addsSpace: Bool) -> JSONValue {
        let prepend = JSONValue.object([
            "type": .string("Prepend"), "prepend": .string(mark),
        ])
        return .object([
            "type": .string("Sequence"),

            "normalizers": .array((addsSpace ? [prepend] : []) + [replacement(" ", mark)]),
        ])
    }

    private static func decoder(stripsSpace: Bool) -> JSONValue {
        var steps = [
            replacement(mark, " "), JSONValue.object(["type": .string("ByteFallback")]),
            JSONValue.object(["type": .string("Fuse")]),
        ]
        if stripsSpace {
            steps.append(
                .object([
                    "type": .string("Strip"), "content": .string(" "),
                    "start": .integer(1), "stop": .integer(0),
                ]))
        }
        return .object([
            "type": .string("Sequence"), "decoders": .array(steps),
        ])
    }
}
