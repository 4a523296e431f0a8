import Tensors

/// Keys (rotated) and values of `slots` independent sequences.
///
/// Layout `[layer, slot, key or value, keyValueHead, position, headSize]`: what one head reads
/// for one token is one stretch of memory.
public final class KeyValueCache {
    public let slots: Int
    /// Tokens a slot can hold.
    public let capacity: Int
    private let configuration: DecoderConfiguration
    private let buffer: FloatBuffer
    private var lengths: [Int]

    public init(configuration: DecoderConfiguration, slots: Int, capacity: Int) {
        precondition(
            slots > 0 && capacity > 0, "KeyValueCache: \(slots) slots of \(capacity) tokens")
        self.configuration = configuration
        self.slots = slots
        self.capacity = capacity
        lengths = [Int](repeating: 0, count: slots)
        buffer = FloatBuffer(
            count: 2 * configuration.layers * slots * configuration.keyValueChannels * capacity)
    }

    public var bytes: Int { buffer.count * MemoryLayout<Float>.size }

    /// Tokens that the slot holds.
    public func length(_ slot: Int) -> Int { lengths[slot] }

    /// Forgets the slot's tokens from `length` on.
    public func truncate(_ slot: Int, to length: Int) {
        precondition(
            (0...lengths[slot]).contains(length),
            "KeyValueCache.truncate: \(length) of \(lengths[slot]) tokens")
        lengths[slot] = length
    }

    /// Makes the first `count` tokens of another slot this slot's only ones.
    public func copy(_ count: Int, from source: Int, to slot: Int) {
        precondition(
            count >= 0 && count <= lengths[source] && source != slot,
            "KeyValueCache.copy: \(count) of \(lengths[source]) tokens, \(source) to \(slot)")
        lengths[slot] = count
        for layer in 0..<configuration.layers {
            for head in 0..<configuration.keyValueHeads {
                for part in [keys, values] {
                    part(layer, slot, head).update(
                        from: part(layer, source, head), count: count * configuration.headSize)
                }
            }
        }
    }

    func setLength(_ slot: Int, _ length: Int) { lengths[slot] = length }

    /// Keys of one head from position 0 on, `[capacity, headSize]`.
    func keys(layer: Int, slot: Int, keyValueHead: Int) -> UnsafeMutablePointer<Float> {
        let heads = configuration.keyValueHeads
        let head = ((layer * slots + slot) * 2) * heads + keyValueHead
        return buffer.pointer + head * capacity * configuration.headSize
    }

    func values(layer: Int, slot: Int, keyValueHead: Int) -> UnsafeMutablePointer<Float> {
        keys(layer: layer, slot: slot, keyValueHead: keyValueHead)
            + configuration.keyValueHeads * capacity * configuration.headSize
    }
}
