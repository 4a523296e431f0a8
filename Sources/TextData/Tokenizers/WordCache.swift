/// The ids of words met before: a table of fixed size, in which a new word replaces the one in its slot.
struct WordCache {
    /// Longer words are rare, and would fill the memory.
    static let longestWord = 48
    private static let slotCount = 1 << 14

    private struct Entry {
        var word: [UInt8] = []
        var ids: [Int32] = []
    }

    private var entries: [Entry] = []

    /// The slot of a word; nil for words that are not kept.
    func slot(of word: UnsafeBufferPointer<UInt8>) -> Int? {
        guard word.count <= Self.longestWord else { return nil }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in word { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & UInt64(Self.slotCount - 1))
    }

    /// Appends the word's ids, if its slot holds this word.
    func appendIDs(
        of word: UnsafeBufferPointer<UInt8>, slot: Int, to ids: inout [Int32]
    ) -> Bool {
        guard !entries.isEmpty else { return false }
        guard entries[slot].word.count == word.count else { return false }
        let isSame = entries[slot].word.withUnsafeBufferPointer { $0.elementsEqual(word) }
        if isSame { ids += entries[slot].ids }
        return isSame
    }

    mutating func store(
        _ word: UnsafeBufferPointer<UInt8>, slot: Int, ids: ArraySlice<Int32>
    ) {
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.slotCount) }
        entries[slot].word = Array(word)
        entries[slot].ids = Array(ids)
    }
}
