/// KL(policy ‖ reference policy) when an iteration is over, in nats a response.
///
/// Exact over the vocabulary at every token of a response, the stop token included, and summed over
/// the response; the mean is over pairs of the iteration that lie evenly among all.
public struct MeasuredKL: Sendable, Equatable {
    public struct Estimate: Sendable, Equatable {
        public var mean: Double
        /// Of the mean; nil where there is one pair only.
        public var standardError: Double?

        public init(mean: Double, standardError: Double?) {
            self.mean = mean
            self.standardError = standardError
        }

        /// - Parameter values: at least one.
        public init(of values: [Double]) {
            precondition(!values.isEmpty, "Estimate: of no value")
            let count = Double(values.count)
            let mean = values.reduce(0, +) / count
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            self.mean = mean
            standardError =
                values.count > 1 ? (squares / (count - 1) / count).squareRoot() : nil
        }
    }

    public var pairs: Int
    /// Along the actual responses.
    public var actual: Estimate
    /// Along the generated ones, which the reference policy drew.
    public var generated: Estimate
    public var seconds: Double

    public init(pairs: Int, actual: Estimate, generated: Estimate, seconds: Double) {
        self.pairs = pairs
        self.actual = actual
        self.generated = generated
        self.seconds = seconds
    }
}
