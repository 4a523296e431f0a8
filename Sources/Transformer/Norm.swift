import CKernels
import Tensors

/// Root-mean-square or layer norm of rows of `channels` floats.
struct Norm {
    let weight: Int
    let bias: Int?
    let channels: Int
    let epsilon: Float
    let isCentered: Bool

    private func kernel(_ parameters: Parameters) -> spind_norm {
        spind_norm(
            weight: parameters.weight(weight),
            bias: bias.map { UnsafePointer(parameters.weight($0)) },
            channels: Int64(channels), epsilon: epsilon, centered: isCentered)
    }

    /// `y = norm(x)`, both `[rows, channels]`.
    func forward(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int,
        _ parameters: Parameters
    ) {
        let norm = kernel(parameters)
        parameters.pool.splitRows(rows, channels: channels) { _, range in
            let start = range.lowerBound * channels
            spind_norm_forward(norm, Int64(range.count), x + start, y + start)
        }
    }

    /// `sum = x + branch + branchBias; y = norm(sum)`.
    func forward(
        adding branch: UnsafePointer<Float>, _ branchBias: UnsafePointer<Float>?,
        to x: UnsafePointer<Float>, sum: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>, rows: Int, _ parameters: Parameters
    ) {
        let norm = kernel(parameters)
        parameters.pool.splitRows(rows, channels: channels) { _, range in
            let start = range.lowerBound * channels
            spind_add_norm_forward(
                norm, Int64(range.count), x + start, branch + start, branchBias, sum + start,
                y + start)
        }
    }

    /// `dx += ∂norm(x) · dy`; then `dy` is overwritten with y, for the weight gradient that follows.
    ///
    /// - Parameter partials: `2 · channels · pool.width` floats of scratch.
    func backward(
        _ x: UnsafePointer<Float>, dyThenY: UnsafeMutablePointer<Float>,
        adding dx: UnsafeMutablePointer<Float>, rows: Int, partials: UnsafeMutablePointer<Float>,
        _ parameters: Parameters
    ) {
        let norm = kernel(parameters)
        let width = parameters.pool.width
        partials.update(repeating: 0, count: 2 * channels * width)
        parameters.pool.splitRows(rows, channels: channels) { worker, range in
            let start = range.lowerBound * channels
            let dweight = partials + 2 * channels * worker
            spind_norm_backward(
                norm, Int64(range.count), x + start, dyThenY + start, dx + start, dweight,
                dweight + channels)
        }
        for worker in 0..<width {
            let dweight = partials + 2 * channels * worker
            spind_add_bias(1, Int64(channels), dweight, parameters.gradient(weight))
            if let bias {
                spind_add_bias(1, Int64(channels), dweight + channels, parameters.gradient(bias))
            }
        }
    }

    /// Normalises `heads` adjacent heads of one row in place.
    func forwardHeads(_ row: UnsafeMutablePointer<Float>, heads: Int, _ parameters: Parameters) {
        spind_norm_forward(kernel(parameters), Int64(heads), row, row)
    }

    /// The backward of `forwardHeads`: `dRow` becomes the gradient of `row`, the heads before their norm.
    ///
    /// - Parameters:
    ///   - scratch: as long as the heads.
    ///   - dweight: `[channels]`, added to.
    func backwardHeads(
        _ row: UnsafePointer<Float>, _ dRow: UnsafeMutablePointer<Float>, heads: Int,
        scratch: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>,
        _ parameters: Parameters
    ) {
        scratch.update(from: dRow, count: heads * channels)
        dRow.update(repeating: 0, count: heads * channels)
        spind_norm_backward(kernel(parameters), Int64(heads), row, scratch, dRow, dweight, nil)
    }
}
