import SpinDomain

/// A byte-pair encoding as in Sennrich, Haddow and Birch 2016 (arXiv 1508.07909).
///
/// Words are spelled in single characters; then neighbours merge, those pairs first that were most
/// frequent when the tokenizer was trained.
struct BytePairModel: Sendable {
    /// The part of a tokenizer file that is the model.
    struct Parts {
        var vocabulary: [(token: String, id: Int32)] = []
        var merges: [(left: String, right: String)] = []
        var unknownToken: String?
        var fusesUnknown = false
        /// Characters outside the vocabulary become their bytes' `<0xXX>` tokens.
        var hasByteFallback = false
        /// A word that is a token itself is taken whole.
        var ignoresMerges = false
    }

    /// One pair of ids that merges.
    private struct Merge {
        let rank: UInt32
        let id: Int32
    }

    private let merges: [UInt64: Merge]
    private let idOfScalar: [UInt32: Int32]
    /// The id of each byte's own token, -1 where there is none; empty unless tokens are bytes.
    private let idOfByte: [Int32]
    /// The id of `<0xXX>` for each byte; empty without byte fallback.
    private let fallbackIDs: [Int32]
    private let unknownID: Int32?
    private let fusesUnknown: Bool
    /// Whole words by their bytes in the text; empty unless merges are ignored for them.
    private let wholeWords: [[UInt8]: Int32]

    /// - Parameter isByteLevel: whether the tokens are spelled in `ByteAlphabet`.
    /// - Throws: `damagedFile` when a merge or the unknown token is not in the vocabulary.
    init(_ parts: Parts, isByteLevel: Bool) throws {
        let ids = Dictionary(
            parts.vocabulary.map { (Spelling($0.token), $0.id) }, uniquingKeysWith: { $1 })
        merges = try Self.mergeTable(parts.merges, ids)
        unknownID = try parts.unknownToken.map { token in
            guard let id = ids[Spelling(token)] else {
                throw SpinError.damaged(
                    "tokenizer.json", "unk_token '\(token)' is not in the vocabulary")
            }
            return id
        }
        fusesUnknown = parts.fusesUnknown
        var idOfScalar: [UInt32: Int32] = [:]
        for (spelling, id) in ids {
            let scalars = spelling.text.unicodeScalars
            if let scalar = scalars.first, scalars.count == 1 { idOfScalar[scalar.value] = id }
        }
        self.idOfScalar = idOfScalar
        idOfByte = isByteLevel ? ByteAlphabet.scalars.map { idOfScalar[$0.value] ?? -1 } : []
        fallbackIDs =
            parts.hasByteFallback
            ? (0..<256).map { ids[Spelling(Self.fallbackToken(UInt8($0)))] ?? -1 } : []
        var wholeWords: [[UInt8]: Int32] = [:]
        if parts.ignoresMerges {
            for (spelling, id) in ids {
                let bytes =
                    isByteLevel
                    ? ByteAlphabet.bytes(of: spelling.text) : Array(spelling.text.utf8)
                if let bytes { wholeWords[bytes] = id }
            }
        }
        self.wholeWords = wholeWords
    }

    /// How SentencePiece spells a byte that has no character.
    static func fallbackToken(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
    }

    private static func mergeTable(
        _ merges: [(left: String, right: String)], _ ids: [Spelling: Int32]
    ) throws -> [UInt64: Merge] {
        var table: [UInt64: Merge] = [:]
        table.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() {
            guard let left = ids[Spelling(merge.left)], let right = ids[Spelling(merge.right)],
                let merged = ids[Spelling(merge.left + merge.right)]
            else {
                throw SpinError.damaged(
                    "tokenizer.json",
                    "merge \(rank + 1) ('\(merge.left)' and '\(merge.right)') is not in the vocabulary"
                )
            }
            table[pair(left, right)] = Merge(rank: UInt32(rank), id: merged)
        }
        return table
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}

// MARK: - Encoding

/// What encoding keeps from word to word: the cache, and buffers that would be allocated for each.
struct BytePairWorkspace {
    /// A symbol of the word at work, linked to its neighbours by index, -1 at the ends.
    fileprivate struct Symbol {
        /// -1 once it has merged into its left neighbour.
        var id: Int32
        var previous: Int32
        var next: Int32
    }

    fileprivate var cache = WordCache()
    fileprivate var symbols: [Symbol] = []
    fileprivate var queue = MergeQueue()
}

extension BytePairModel {
    /// Appends the ids of one word, given as UTF-8; at most 2³¹ bytes.
    func encode(
        _ word: ArraySlice<UInt8>, into ids: inout [Int32], _ workspace: inout BytePairWorkspace
    ) {
        word.withUnsafeBufferPointer { bytes in
            let slot = workspace.cache.slot(of: bytes)
            if let slot, workspace.cache.appendIDs(of: bytes, slot: slot, to: &ids) { return }
            let start = ids.count
            if !wholeWords.isEmpty, let id = wholeWords[Array(word)] {
                ids.append(id)
            } else {
                spell(word, into: &workspace.symbols)
                mergeAll(&workspace.symbols, &workspace.queue)
                for symbol in workspace.symbols where symbol.id >= 0 { ids.append(symbol.id) }
            }
            if let slot { workspace.cache.store(bytes, slot: slot, ids: ids[start...]) }
        }
    }

    /// Lays out the word's first symbols: its bytes or its characters.
    private func spell(
        _ word: ArraySlice<UInt8>, into symbols: inout [BytePairWorkspace.Symbol]
    ) {
        symbols.removeAll(keepingCapacity: true)
        var pendingUnknown: Int32?
        if idOfByte.isEmpty {
            var reader = ScalarReader(word)
            while true {
                let start = reader.offset
                guard let scalar = reader.next() else { break }
                spell(
                    idOfScalar[scalar], bytes: word[start..<reader.offset], &pendingUnknown,
                    &symbols)
            }
        } else {
            for byte in word {
                let id = idOfByte[Int(byte)]
                let bytes = id >= 0 ? [] : Array(String(ByteAlphabet.scalars[Int(byte)]).utf8)
                spell(id >= 0 ? id : nil, bytes: bytes[...], &pendingUnknown, &symbols)
            }
        }
        if let unknown = pendingUnknown { append(unknown, to: &symbols) }
    }

    /// Adds one character.
    ///
    /// An unknown one is held back, so that several can fuse; the bytes of a fallback overtake it, as
    /// they do in the Hugging Face library.
    private func spell(
        _ id: Int32?, bytes: ArraySlice<UInt8>, _ pendingUnknown: inout Int32?,
        _ symbols: inout [BytePairWorkspace.Symbol]
    ) {
        if let id {
            if let unknown = pendingUnknown { append(unknown, to: &symbols) }
            pendingUnknown = nil
            append(id, to: &symbols)
        } else if !fallbackIDs.isEmpty, bytes.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) {
            for byte in bytes { append(fallbackIDs[Int(byte)], to: &symbols) }
        } else if let unknownID {
            if let unknown = pendingUnknown, !fusesUnknown { append(unknown, to: &symbols) }
            pendingUnknown = unknownID
        }
    }

    private func append(_ id: Int32, to symbols: inout [BytePairWorkspace.Symbol]) {
        let position = Int32(truncatingIfNeeded: symbols.count)
        if position > 0 { symbols[symbols.count - 1].next = position }
        symbols.append(.init(id: id, previous: position - 1, next: -1))
    }

    /// Merges until no pair of neighbours is in the table; n·log n in the length of the word.
    private func mergeAll(
        _ symbols: inout [BytePairWorkspace.Symbol], _ queue: inout MergeQueue
    ) {
        guard symbols.count > 1 else { return }
        queue.removeAll()
        for position in 0..<symbols.count - 1 { offer(Int32(position), symbols, &queue) }
        while let candidate = queue.pop() {
            let left = Int(candidate.position)
            guard symbols[left].id >= 0, symbols[left].next >= 0 else { continue }
            let right = Int(symbols[left].next)
            // The pair may have changed since it was queued.
            let current = merges[Self.pair(symbols[left].id, symbols[right].id)]
            guard let current, current.id == candidate.merged else { continue }
            symbols[left].id = candidate.merged
            symbols[left].next = symbols[right].next
            symbols[right].id = -1
            if symbols[left].next >= 0 {
                symbols[Int(symbols[left].next)].previous = Int32(left)
                offer(Int32(left), symbols, &queue)
            }
            if symbols[left].previous >= 0 { offer(symbols[left].previous, symbols, &queue) }
        }
    }

    /// Queues the merge of the symbol with its right neighbour, if there is one.
    private func offer(
        _ position: Int32, _ symbols: [BytePairWorkspace.Symbol], _ queue: inout MergeQueue
    ) {
        let symbol = symbols[Int(position)]
        guard symbol.next >= 0,
            let merge = merges[Self.pair(symbol.id, symbols[Int(symbol.next)].id)]
        else { return }
        queue.push(
            MergeCandidate(rank: merge.rank, position: UInt32(position), merged: merge.id))
    }
}
