import CKernels
import Tensors

/// `down(activation(gate(x)) · up(x))`, or `down(activation(up(x)))` when not gated.
///
/// Gate and up are one product: a row of `inner` is `[gate, up]`, or `[up]`.
struct FeedForward {
    let expand: Linear
    let down: Linear
    let isGated: Bool
    let activation: DecoderConfiguration.Activation

    /// Channels between the two products.
    var channels: Int { down.inputs }

    /// - Parameters:
    ///   - x: `[rows, channels of the model]`
    ///   - inner: `[rows, expand.outputs]`, kept for backward, bias included.
    ///   - activated: `[rows, channels]`
    ///   - y: without down's bias.
    func forward(
        _ x: UnsafePointer<Float>, inner: UnsafeMutablePointer<Float>,
        activated: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int,
        _ parameters: Parameters
    ) {
        expand.forward(x, into: inner, rows: rows, parameters)
        let bias = expand.biasPointer(parameters)
        parameters.pool.splitRows(rows, channels: expand.outputs) { _, range in
            for row in range {
                let innerRow = inner + row * expand.outputs
                if let bias { spind_add_bias(1, Int64(expand.outputs), bias, innerRow) }
                activate(innerRow, into: activated + row * channels)
            }
        }
        down.forward(activated, into: y, rows: rows, parameters)
    }

    private func activate(_ inner: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        if isGated {
            spind_gated_forward(activation.kernel, Int64(channels), inner, inner + channels, out)
        } else {
            spind_activation_forward(activation.kernel, Int64(channels), inner, out)
        }
    }

    /// Everything but the weights of `expand`, whose input is not at hand yet.
    ///
    /// - Parameters:
    ///   - innerThenDInner: as forward left it; becomes its gradient.
    ///   - activated: scratch as in forward.
    ///   - dx: overwritten.
    func backward(
        innerThenDInner: UnsafeMutablePointer<Float>, activated: UnsafeMutablePointer<Float>,
        _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, rows: Int,
        _ parameters: Parameters
    ) {
        let dactivated = activated
        down.backwardInput(dy, into: dactivated, rows: rows, parameters)
        parameters.pool.splitRows(rows, channels: expand.outputs) { _, range in
            for row in range {
                activateBackward(
                    innerThenDInner + row * expand.outputs, dactivated + row * channels)
            }
        }
        // The kernel has put `activated` in the place of its gradient.
        down.backwardParameters(activated, dy, rows: rows, parameters)
        expand.backwardInput(innerThenDInner, into: dx, rows: rows, parameters)
    }

    private func activateBackward(
        _ inner: UnsafeMutablePointer<Float>, _ dout: UnsafeMutablePointer<Float>
    ) {
        if isGated {
            spind_gated_backward(activation.kernel, Int64(channels), inner, inner + channels, dout)
        } else {
            spind_activation_backward(activation.kernel, Int64(channels), inner, dout)
        }
    }
}

extension DecoderConfiguration.FeedForward {
    var isGated: Bool {
        if case .gated = self { true } else { false }
    }

    var activation: DecoderConfiguration.Activation {
        switch self {
        case .gated(let activation), .plain(let activation): activation
        }
    }
}

extension DecoderConfiguration.Activation {
    var kernel: spind_activation {
        switch self {
        case .silu: spind_silu
        case .gelu: spind_gelu
        case .geluTanh: spind_gelu_tanh
        case .relu: spind_relu
        }
    }
}
