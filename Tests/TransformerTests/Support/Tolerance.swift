import Tensors
import Testing
import Transformer

/// How far float32 results may be from those of another order of sums, or of double precision.
enum Tolerance {
    /// Logits of size ten in float32, some hundred operations deep.
    static let logProbability = 3e-5
    /// Relative to the norm of a parameter's gradient; float32 sums of some hundred terms.
    static let gradient = 2e-4
}

func expectClose(_ found: [Float], _ expected: [Double]) {
    #expect(found.count == expected.count)
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(worst <= Tolerance.logProbability)
}

func expectCloseGradients(_ found: ParameterArena, _ expected: ParameterArena) {
    for entry in found.layout.entries {
        let places = entry.offset..<entry.offset + entry.count
        let size = places.map { abs(expected.buffer.pointer[$0]) }.max() ?? 0
        let worst =
            places.map { abs(found.buffer.pointer[$0] - expected.buffer.pointer[$0]) }.max()
            ?? .infinity
        #expect(
            worst <= Float(Tolerance.gradient) * max(size, 0.1),
            "\(entry.name): off by \(worst) of \(size)")
    }
}
