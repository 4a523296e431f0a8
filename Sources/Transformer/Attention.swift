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

    var shape: spind_attention_shape {
        spind_attention_shape(
            head_size: Int64(headSize), query_stride: Int64(stride),
            output_stride: Int64(queryChannels), window: Int64(window), scale: scale)
    }

    /// Floats of scratch a worker needs when no sequence is longer than `positions`.
    static func scratchCount(headSize: Int, positions: Int) -> Int {
        Int(spind_attention_scratch(Int64(headSize), Int64(positions)))
    }

    /// - Parameters:
    ///   - projections: `[rows, stride]`, queries and keys already rotated.
    ///   - shared: of the tokens that come before every segment, if there are any.
    ///   - attended: `[rows, queryChannels]`, overwritten.
    ///   - logSumExp: `[heads, rows]`, what backward computes the scores again with.
    ///   - scratch: `scratchCount` floats for each worker.
    func forward(
        _ projections: UnsafePointer<Float>, after shared: SharedKeys?,
        into attended: UnsafeMutablePointer<Float>, logSumExp: UnsafeMutablePointer<Float>,
        plan: AttentionPlan, scratch: WorkerScratch, _ parameters: Parameters
    ) {
        let blocks = plan.blocks
        parameters.pool.deal(blocks.count * keyValueHeads) { worker, index in
            let block = blocks[index / keyValueHeads]
            let keyValueHead = index % keyValueHeads
            let runs = runs(block.segment, keyValueHead, projections, after: shared)
            let firstRow = block.rows.lowerBound
            for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                spind_attention_forward(
                    shape, Int64(block.rows.count), Int64(block.firstPosition),
                    projections + firstRow * stride + head * headSize, runs, Int64(runs.count),
                    attended + firstRow * queryChannels + head * headSize,
                    logSumExp + head * plan.rowCount + firstRow, scratch[worker])
            }
        }
    }

    /// Overwrites the queries' part of `dProjections`, `[rows, stride]`, and adds to the rest.
    ///
    /// One worker takes a family and a key/value head whole, so a prompt's keys and values get
    /// their gradients from the prompt and both responses in packed order. Those of shared tokens are
    /// kept apart by family, since several workers have some.
    func backward(
        _ projections: UnsafePointer<Float>, after shared: SharedKeys?,
        _ attended: UnsafePointer<Float>, _ dAttended: UnsafePointer<Float>,
        into dProjections: UnsafeMutablePointer<Float>, logSumExp: UnsafePointer<Float>,
        plan: AttentionPlan, scratch: WorkerScratch, _ parameters: Parameters
    ) {
        let families = plan.families
        shared?.clearGradients(families: families.count)
        parameters.pool.deal(families.count * keyValueHeads) { worker, index in
            let (family, keyValueHead) = index.quotientAndRemainder(dividingBy: keyValueHeads)
            for segment in families[family] {
                let runs = runs(segment, keyValueHead, projections, after: shared)
                let gradients = gradients(
                    segment, keyValueHead, dProjections, after: shared?.gradients(family: family))
                let firstRow = segment.rows.lowerBound
                for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                    let queries = firstRow * stride + head * headSize
                    let outputs = firstRow * queryChannels + head * headSize
                    spind_attention_backward(
                        shape, Int64(segment.rows.count),
                        Int64(plan.sharedCount + segment.prefix.count), projections + queries,
                        runs, Int64(runs.count), attended + outputs, dAttended + outputs,
                        logSumExp + head * plan.rowCount + firstRow, dProjections + queries,
                        gradients, scratch[worker])
                }
            }
        }
    }

    // MARK: Runs

    /// The keys and values that a segment sees, in the order of their positions.
    private func runs(
        _ segment: PackedRows.Segment, _ keyValueHead: Int, _ projections: UnsafePointer<Float>,
        after shared: SharedKeys?
    ) -> [spind_key_run] {
        func run(_ first: UnsafePointer<Float>, _ count: Int, _ stride: Int) -> spind_key_run {
            let keys = first + keyValueHead * headSize
            return spind_key_run(
                keys: keys, values: keys + keyValueChannels, count: Int64(count),
                stride: Int64(stride))
        }
        let own = [segment.prefix, segment.rows].map {
            run(projections + $0.lowerBound * stride + queryChannels, $0.count, stride)
        }
        return (shared.map { [run($0.rows, $0.count, $0.width)] } ?? []) + own
    }

    /// Where the gradients of `runs` go.
    private func gradients(
        _ segment: PackedRows.Segment, _ keyValueHead: Int,
        _ dProjections: UnsafeMutablePointer<Float>, after dShared: UnsafeMutablePointer<Float>?
    ) -> [spind_key_run_gradient] {
        let own = [segment.prefix, segment.rows].map {
            dProjections + $0.lowerBound * stride + queryChannels
        }
        return ((dShared.map { [$0] } ?? []) + own).map {
            let dkeys = $0 + keyValueHead * headSize
            return spind_key_run_gradient(dkeys: dkeys, dvalues: dkeys + keyValueChannels)
        }
    }
}
