import CKernels
import Tensors

/// `y = x · Wᵀ`, W `[outputs, inputs]`; the bias is added by whoever reads y next, in the same pass.
struct Linear {
    let weight: Int
    let bias: Int?
    let inputs: Int
    let outputs: Int

    /// - Parameters:
    ///   - x: `[rows, inputs]`
    ///   - y: `[rows, outputs]`, overwritten.
    func forward(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int,
        _ parameters: Parameters
    ) {
        if let packed = parameters.packedMatrix(weight, rows: rows) {
            parameters.pool.multiply(x, packed, into: y, m: rows)
            return
        }
        parameters.pool.multiply(
            x, parameters.weight(weight), into: y, m: rows, n: outputs, k: inputs,
            transposeA: false, transposeB: true,
            leadingA: inputs, leadingB: inputs, leadingC: outputs, accumulate: false)
    }

    func biasPointer(_ parameters: Parameters) -> UnsafePointer<Float>? {
        bias.map { UnsafePointer(parameters.weight($0)) }
    }

    /// `dx = dy · W`, overwritten.
    func backwardInput(
        _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, rows: Int,
        _ parameters: Parameters
    ) {
        parameters.pool.multiply(
            dy, parameters.weight(weight), into: dx, m: rows, n: inputs, k: outputs,
            transposeA: false, transposeB: false,
            leadingA: outputs, leadingB: inputs, leadingC: inputs, accumulate: false)
    }

    /// `dW += dyᵀ · x` and `db += Σ dy`.
    func backwardParameters(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, _ parameters: Parameters
    ) {
        parameters.pool.multiply(
            dy, x, into: parameters.gradient(weight), m: outputs, n: inputs, k: rows,
            transposeA: true, transposeB: false,
            leadingA: outputs, leadingB: inputs, leadingC: inputs, accumulate: true)
        guard let bias else { return }
        let dbias = parameters.gradient(bias)
        // Every worker sums whole columns, so the order of the sum does not depend on the width.
        parameters.pool.split(outputs, grain: 64) { _, columns in
            spind_add_column_sums(
                Int64(rows), Int64(columns.count), Int64(outputs), dy + columns.lowerBound,
                dbias + columns.lowerBound)
        }
    }
}
