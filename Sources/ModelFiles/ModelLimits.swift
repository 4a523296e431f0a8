import SpinDomain
import Transformer

/// Upper bounds for the numbers of a configuration: several times the largest models in use, and
/// small enough that no product of them overflows.
enum ModelLimits {
    static let vocabulary = 1...4_194_304
    static let channels = 1...131_072
    static let layers = 1...1_024
    static let heads = 1...4_096
    static let headSize = 1...8_192
    static let feedForwardChannels = 1...1_048_576
    static let contextLength = 1...33_554_432

    /// A layer has several tensors, so a layout larger than the file's table is never built.
    static func checkLayers(_ configuration: DecoderConfiguration, tensors: Int) throws {
        guard configuration.layers <= tensors else {
            throw SpinError(
                .damagedFile,
                "the model has \(configuration.layers) layers but only \(tensors) tensors")
        }
    }
}
