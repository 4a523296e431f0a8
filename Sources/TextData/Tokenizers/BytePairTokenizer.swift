import SpinDomain
import Synchronization

/// A byte-pair tokenizer, with the same ids as the Hugging Face `tokenizers` library.
///
/// A text goes through the parts of its `tokenizer.json` in this order: added tokens, normalizer,
/// pre-tokenizer, merges.
public final class BytePairTokenizer: Tokenizer {
    public let vocabularySize: Int
    public let prefixIDs: [Int32]
    public let suffixIDs: [Int32]

    private let model: BytePairModel
    private let normalizer: Normalizer?
    private let preTokenizer: PreTokenizer?
    private let decoder: TokenDecoder?
    /// Tokens that are looked for in the raw text, and in the normalised text.
    private let rawFinder: AddedTokenFinder
    private let normalizedFinder: AddedTokenFinder
    private let idOfToken: [Spelling: Int32]
    private let tokenOfID: [Int32: String]
    private let addedIDs: Set<Int32>
    private let specialIDs: Set<Int32>
    private let workspace = Mutex(BytePairWorkspace())

    /// - Parameter tokenizerJSON: the contents of a `tokenizer.json`.
    /// - Throws: `damagedFile` for what is not such a file, `unsupported` for parts unknown here.
    public convenience init(tokenizerJSON: [UInt8]) throws {
        try self.init(TokenizerFile(tokenizerJSON))
    }

    init(_ file: TokenizerFile, prefixIDs: [Int32]? = nil, suffixIDs: [Int32]? = nil) throws {
        self.prefixIDs = prefixIDs ?? file.prefixIDs
        self.suffixIDs = suffixIDs ?? file.suffixIDs
        model = try BytePairModel(file.model, isByteLevel: file.preTokenizer?.isByteLevel ?? false)
        normalizer = file.normalizer
        preTokenizer = file.preTokenizer
        decoder = file.decoder
        let raw = file.addedTokens.filter { !$0.isNormalized }
        rawFinder = AddedTokenFinder(raw, spellings: raw.map { Array($0.content.utf8) })
        let normalized = file.addedTokens.filter(\.isNormalized)
        normalizedFinder = AddedTokenFinder(
            normalized,
            spellings: try normalized.map { [normalizer = file.normalizer] token in
                let bytes = Array(token.content.utf8)
                return try normalizer?.normalize(bytes) ?? bytes
            })
        var idOfToken: [Spelling: Int32] = [:]
        var tokenOfID: [Int32: String] = [:]
        let added = file.addedTokens.map { ($0.content, $0.id) }
        for (token, id) in file.model.vocabulary + added {
            idOfToken[Spelling(token)] = id
            tokenOfID[id] = token
        }
        self.idOfToken = idOfToken
        self.tokenOfID = tokenOfID
        addedIDs = Set(file.addedTokens.map(\.id))
        specialIDs = Set(file.addedTokens.filter(\.isSpecial).map(\.id))
        vocabularySize = Int(tokenOfID.keys.max() ?? -1) + 1
    }

    public func id(of token: String) -> Int32? { idOfToken[Spelling(token)] }

    public func token(of id: Int32) -> String? { tokenOfID[id] }

    public func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }
}

// MARK: - Encoding

extension BytePairTokenizer {
    public func encode(_ text: String, addSpecialTokens: Bool) throws -> [Int32] {
        let bytes = Array(text.utf8)
        // While another thread is encoding, its cache is not worth waiting for.
        let shared = try workspace.withLockIfAvailable { try wordIDs(bytes, &$0) }
        var own = BytePairWorkspace()
        let ids = try shared ?? wordIDs(bytes, &own)
        return addSpecialTokens ? prefixIDs + ids + suffixIDs : ids
    }

    private func wordIDs(_ text: [UInt8], _ workspace: inout BytePairWorkspace) throws -> [Int32] {
        var ids: [Int32] = []
        for segment in rawFinder.segments(of: text) {
            if let token = segment.token {
                ids.append(token.id)
                continue
            }
            let raw = Array(text[segment.range])
            let normalized = try normalizer?.normalize(raw) ?? raw
            for part in normalizedFinder.segments(of: normalized) {
                if let token = part.token {
                    ids.append(token.id)
                    continue
                }
                let piece = TextPiece(
                    bytes: normalized[part.range],
                    startsText: segment.range.lowerBound == 0 && part.range.lowerBound == 0)
                for word in try preTokenizer?.pieces(of: piece) ?? [piece] {
                    model.encode(word.bytes, into: &ids, &workspace)
                }
            }
        }
        return ids
    }
}

// MARK: - Decoding

extension BytePairTokenizer {
    public func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
        let tokens = ids.compactMap { id in
            skipSpecialTokens && isSpecial(id) ? nil : token(of: id).map { Array($0.utf8) }
        }
        guard let decoder else { return Self.text(tokens, separator: " ") }
        // A pattern that runs out of its limits leaves the spellings, which is better than no text.
        return Self.text((try? decoder.decode(tokens)) ?? tokens, separator: "")
    }

    public func bytes(of id: Int32) -> [UInt8]? {
        guard let token = token(of: id) else { return nil }
        let spelling = Array(token.utf8)
        guard let decoder, !addedIDs.contains(id) else { return spelling }
        return (try? decoder.bytes(of: spelling)) ?? spelling
    }

    private static func text(_ tokens: [[UInt8]], separator: String) -> String {
        String(decoding: Array(tokens.joined(separator: Array(separator.utf8))), as: UTF8.self)
    }
}
