import CKernels
import Tensors

/// The tokens that all sequences of some passes begin with, computed once for all of them: their keys
/// and values in every layer, and what the gradients of these come to.
final class SharedPrefix {
    let rows: PackedRows
    /// Floats of a token in a layer: keys (rotated), then values.
    private let width: Int
    /// `[layers, tokens, width]`.
    private let keysAndValues: FloatBuffer
    /// Likewise; nil when no backward follows.
    private let gradients: FloatBuffer?
    /// Whether any gradient has arrived.
    private(set) var hasGradients = false

    init(_ tokens: [Int32], _ decoder: Decoder, hasBackward: Bool) {
        var rows = PackedRows()
        rows.append(tokens)
        self.rows = rows
        width = 2 * decoder.configuration.keyValueChannels
        let count = decoder.configuration.layers * tokens.count * width
        keysAndValues = FloatBuffer(count: count)
        gradients = hasBackward ? FloatBuffer(count: count) : nil
    }

    var count: Int { rows.count }

    private func offset(_ layer: Int) -> Int { layer * count * width }

    /// What a layer's attention reads and where it leaves gradients.
    func keys(layer: Int, _ temporary: TemporaryActivations) -> SharedKeys {
        SharedKeys(
            rows: keysAndValues.pointer + offset(layer), count: count, width: width,
            gradients: temporary.dShared)
    }

    /// Takes keys and values out of the prefix's own projections in a layer.
    func store(_ projections: UnsafePointer<Float>, layer: Int, _ attention: Attention) {
        let target = keysAndValues.pointer + offset(layer)
        for row in 0..<count {
            (target + row * width).update(
                from: projections + row * attention.stride + attention.queryChannels, count: width)
        }
    }

    /// Adds the gradients that the families of a micro-batch left for a layer's keys and values, in
    /// order.
    func add(_ keys: SharedKeys, families: Int, layer: Int) {
        guard let gradients else {
            preconditionFailure("SharedPrefix.add: no backward was announced")
        }
        hasGradients = true
        let sum = gradients.pointer + offset(layer)
        for family in 0..<families {
            spind_add_bias(1, Int64(count * width), keys.gradients(family: family), sum)
        }
    }

    /// Puts the gradients of a layer's keys and values into those of the prefix's own projections.
    func putGradients(
        into dProjections: UnsafeMutablePointer<Float>, layer: Int, _ attention: Attention
    ) {
        guard let gradients else { return }
        let source = gradients.pointer + offset(layer)
        for row in 0..<count {
            (dProjections + row * attention.stride + attention.queryChannels)
                .update(from: source + row * width, count: width)
        }
    }
}

/// The keys and values of a shared prefix in one layer.
struct SharedKeys {
    /// `[count, width]`.
    let rows: UnsafePointer<Float>
    let count: Int
    /// Floats of a token: keys, then values.
    let width: Int
    /// `[families, count, width]`.
    fileprivate let gradients: UnsafeMutablePointer<Float>

    func gradients(family: Int) -> UnsafeMutablePointer<Float> {
        gradients + family * count * width
    }

    func clearGradients(families: Int) {
        gradients.update(repeating: 0, count: families * count * width)
    }
}
