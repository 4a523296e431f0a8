import CKernels
import Tensors

/// Attention of new rows over a slot's cached keys, their own among them.
struct CachedAttention {
    /// Successive new rows of one slot.
    struct Block {
        let slot: Int
        let firstRow: Int
        let count: Int
        let firstPosition: Int
    }

    /// As in `AttentionPlan`.
    private static let blockRows = 64

    let blocks: [Block]
    /// Each row's slot and position.
    let places: [(slot: Int, position: Int)]
    /// Length of the longest sequence, new rows included.
    let positions: Int

    init(_ chunks: [InferencePass.Chunk], _ cache: KeyValueCache) {
        var blocks: [Block] = []
        var places: [(slot: Int, position: Int)] = []
        for chunk in chunks {
            let length = cache.length(chunk.slot)
            for first in stride(from: 0, to: chunk.tokens.count, by: Self.blockRows) {
                blocks.append(
                    Block(
                        slot: chunk.slot, firstRow: places.count + first,
                        count: min(Self.blockRows, chunk.tokens.count - first),
                        firstPosition: length + first))
            }
            places += chunk.tokens.indices.map { (chunk.slot, length + $0) }
        }
        self.blocks = blocks
        self.places = places
        positions = places.map { $0.position + 1 }.max() ?? 0
    }

    /// Stores the rows' keys and values.
    func store(
        _ projections: UnsafePointer<Float>, layer: Int, _ attention: Attention,
        _ cache: KeyValueCache, _ pool: WorkerPool
    ) {
        pool.splitRows(places.count, channels: attention.stride) { _, range in
            for row in range {
                store(projections + row * attention.stride, row: row, layer, attention, cache)
            }
        }
    }

    /// Attends to stored keys; overwrites `attended`.
    ///
    /// - Parameter read: the rows needed, nil for all; others may be left as they are.
    func forward(
        _ projections: UnsafePointer<Float>, into attended: UnsafeMutablePointer<Float>,
        only read: ReadRows?, layer: Int, _ attention: Attention, _ cache: KeyValueCache,
        scratch: WorkerScratch, _ pool: WorkerPool
    ) {
        let blocks = read.map(blocks(with:)) ?? blocks
        let heads = attention.keyValueHeads
        pool.deal(blocks.count * heads) { worker, index in
            attend(
                blocks[index / heads], index % heads, projections, attended, layer, attention,
                cache, scratch[worker])
        }
    }

    /// Blocks with one of the rows.
    ///
    /// They stay whole, so that no bit depends on which rows are asked for.
    private func blocks(with read: ReadRows) -> [Block] {
        let rows = Set(read.rows)
        return blocks.filter { block in
            (block.firstRow..<block.firstRow + block.count).contains(where: rows.contains)
        }
    }

    private func store(
        _ projected: UnsafePointer<Float>, row: Int, _ layer: Int, _ attention: Attention,
        _ cache: KeyValueCache
    ) {
        let (slot, position) = places[row]
        let size = attention.headSize
        for head in 0..<attention.keyValueHeads {
            let key = projected + attention.queryChannels + head * size
            (cache.keys(layer: layer, slot: slot, keyValueHead: head) + position * size)
                .update(from: key, count: size)
            (cache.values(layer: layer, slot: slot, keyValueHead: head) + position * size)
                .update(from: key + attention.keyValueChannels, count: size)
        }
    }

    private func attend(
        _ block: Block, _ keyValueHead: Int, _ projections: UnsafePointer<Float>,
        _ attended: UnsafeMutablePointer<Float>, _ layer: Int, _ attention: Attention,
        _ cache: KeyValueCache, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = attention.shape
        let keys = cache.keys(layer: layer, slot: block.slot, keyValueHead: keyValueHead)
        let values = cache.values(layer: layer, slot: block.slot, keyValueHead: keyValueHead)
        let firstHead = keyValueHead * attention.groupSize * attention.headSize
        let queries = projections + block.firstRow * attention.stride + firstHead
        let out = attended + block.firstRow * attention.queryChannels + firstHead
        if block.count == 1 {
            let end = block.firstPosition + 1
            let start = attention.window > 0 ? max(0, end - attention.window) : 0
            let run = spind_key_run(
                keys: keys + start * attention.headSize,
                values: values + start * attention.headSize, count: Int64(end - start),
                stride: Int64(attention.headSize))
            spind_attention_decode(shape, Int64(attention.groupSize), queries, run, out, scratch)
            return
        }
        let run = spind_key_run(
            keys: keys, values: values, count: Int64(block.firstPosition + block.count),
            stride: Int64(attention.headSize))
        for head in 0..<attention.groupSize {
            spind_attention_forward(
                shape, Int64(block.count), Int64(block.firstPosition),
                queries + head * attention.headSize, [run], 1, out + head * attention.headSize,
                nil, scratch)
        }
    }
}
