import CKernels
import Tensors

/// Causal grouped-query attention over packed rows.
///
/// A row of `projections` is `[queries, keys, values]`, of `attended` `[heads, headSize]`.
struct Attention {
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int
    /// Multiplies the scores.
    let scale: Float
    /// 0 sees everything.
    let window: Int

    var queryChannels: Int { heads * headSize }
    var keyValueChannels: Int { keyValueHeads * headSize }
    /// Floats in a row of `projections`.
    var stride: Int { queryChannels + 2 * keyValueChannels }
    /// Query heads that share one key/value head.
    var groupSize: Int { heads / keyValueHeads }

    /// - Parameter keyStride: floats between the keys of successive positions.
    func shape(keyStride: Int) -> spind_attention_shape {
        spind_attention_shape(
            head_size: Int64(headSize), query_stride: Int64(stride), key_stride: Int64(keyStride),
            output_stride: Int64(queryChannels), window: Int64(window), scale: scale)
    }

    /// Floats of scratch a worker needs when no sequence is longer than `positions`.
    static func scratchCount(headSize: Int, positions: Int) -> Int {
        Int(spind_attention_scratch(Int64(headSize), Int64(positions)))
    }

    private func run(
        _ rows: Range<Int>, _ keyValueHead: Int, _ projections: UnsafePointer<Float>
    ) -> spind_key_run {
        let keys =
            projections + rows.lowerBound * stride + queryChannels + keyValueHead * headSize
        return spind_key_run(keys: keys, values: keys + keyValueChannels, count: Int64(rows.count))
    }

    /// - Parameters:
    ///   - projections: `[rows, stride]`, queries and keys already rotated.
    ///   - attended: `[rows, queryChannels]`, overwritten.
    ///   - logSumExp: `[heads, rows]`, what backward computes the scores again with.
    ///   - scratch: `scratchCount` floats for each worker.
    func forward(
        _ projections: UnsafePointer<Float>, into attended: UnsafeMutablePointer<Float>,
        logSumExp: UnsafeMutablePointer<Float>, plan: AttentionPlan, scratch: WorkerScratch,
        _ parameters: Parameters
    ) {
        let shape = shape(keyStride: stride)
        let blocks = plan.blocks
        parameters.pool.deal(blocks.count * keyValueHeads) { worker, index in
            let block = blocks[index / keyValueHeads]
            let keyValueHead = index % keyValueHeads
            let prefix = run(block.segment.prefix, keyValueHead, projections)
            let own = run(block.segment.rows, keyValueHead, projections)
            let firstRow = block.rows.lowerBound
            for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                spind_attention_forward(
                    shape, Int64(block.rows.count), Int64(block.firstPosition),
                    projections + firstRow * stride + head * headSize, prefix, own,
                    attended + firstRow * queryChannels + head * headSize,
                    logSumExp + head * plan.rowCount + firstRow, scratch[worker])
            }
        }
    }

    /// Overwrites `dProjections`, `[rows, stride]`.
    ///
    /// One worker takes a family and a key/value head whole, so a prompt's keys and values get
    /// their gradients from the prompt and both responses in packed order.
    func backward(
        _ projections: UnsafePointer<Float>, _ attended: UnsafePointer<Float>,
        _ dAttended: UnsafePointer<Float>, into dProjections: UnsafeMutablePointer<Float>,
        logSumExp: UnsafePointer<Float>, plan: AttentionPlan, scratch: WorkerScratch,
        _ parameters: Parameters
    ) {
        parameters.pool.splitRows(plan.rowCount, channels: stride) { _, range in
            (dProjections + range.lowerBound * stride)
                .update(repeating: 0, count: range.count * stride)
        }
        let families = plan.families
        parameters.pool.deal(families.count * keyValueHeads) { worker, index in
            let keyValueHead = index % keyValueHeads
            for segment in families[index / keyValueHeads] {
                for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                    backward(
                        segment, head: head, keyValueHead: keyValueHead, projections, attended,
                        dAttended, dProjections,
                        logSumExp + head * plan.rowCount, scratch[worker])
                }
            }
        }
    }

    private func backward(
        _ segment: PackedRows.Segment, head: Int, keyValueHead: Int,
        _ projections: UnsafePointer<Float>, _ attended: UnsafePointer<Float>,
        _ dAttended: UnsafePointer<Float>, _ dProjections: UnsafeMutablePointer<Float>,
        _ logSumExp: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let firstRow = segment.rows.lowerBound
        let queries = firstRow * stride + head * headSize
        let outputs = firstRow * queryChannels + head * headSize
        spind_attention_backward(
            shape(keyStride: stride), Int64(segment.rows.count), Int64(segment.prefix.count),
            projections + queries, run(segment.prefix, keyValueHead, projections),
            run(segment.rows, keyValueHead, projections), attended + outputs,
            dAttended + outputs, logSumExp + firstRow, dProjections + queries,
            runGradient(segment.prefix, keyValueHead, dProjections),
            runGradient(segment.rows, keyValueHead, dProjections), scratch)
    }

    private func runGradient(
        _ rows: Range<Int>, _ keyValueHead: Int, _ dProjections: UnsafeMutablePointer<Float>
    ) -> spind_key_run_gradient {
        let dkeys =
            dProjections + rows.lowerBound * stride + queryChannels + keyValueHead * headSize
        return spind_key_run_gradient(dkeys: dkeys, dvalues: dkeys + keyValueChannels)
    }
}
