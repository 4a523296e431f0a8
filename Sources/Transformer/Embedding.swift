import CKernels
import Tensors

/// Rows of the token table, plus rows of the position table where positions are learned.
struct Embedding {
    let tokens: Int
    let positions: Int?
    let channels: Int

    /// `x[row] = tokenTable[token] + positionTable[position]`, x `[rows, channels]`.
    func forward(
        tokens ids: [Int32], positions places: [Int32], into x: UnsafeMutablePointer<Float>,
        _ parameters: Parameters
    ) {
        let table = parameters.weight(tokens)
        for (row, token) in ids.enumerated() {
            let place = x + row * channels
            place.update(from: table + Int(token) * channels, count: channels)
            guard let positions else { continue }
            let position = parameters.weight(positions) + Int(places[row]) * channels
            spind_add_bias(1, Int64(channels), position, place)
        }
    }

    /// Adds each row of dx to its token's and its position's gradient.
    ///
    /// Workers share the channels, so a token that occurs twice gets its sum in row order.
    func backward(
        tokens ids: [Int32], positions places: [Int32], _ dx: UnsafePointer<Float>,
        _ parameters: Parameters
    ) {
        let dtable = parameters.gradient(tokens)
        parameters.pool.split(channels, grain: 128) { _, range in
            for (row, token) in ids.enumerated() {
                let drow = dx + row * channels + range.lowerBound
                spind_add_bias(
                    1, Int64(range.count), drow,
                    dtable + Int(token) * channels + range.lowerBound)
                guard let positions else { continue }
                let dposition = parameters.gradient(positions) + Int(places[row]) * channels
                spind_add_bias(1, Int64(range.count), drow, dposition + range.lowerBound)
            }
        }
    }
}
