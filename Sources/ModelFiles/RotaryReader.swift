import SpinDomain
import Transformer

/// Rotary settings of a `config.json`, in the keys of transformers 4 (`rope_theta` with
/// `rope_scaling`) or 5 (`rope_parameters`).
struct RotaryReader {
    private let fields: ConfigurationFields
    /// The object that holds the scaling, and its key for messages.
    private let parameters: ConfigurationFields
    private let key: String

    init(_ fields: ConfigurationFields) throws {
        self.fields = fields
        for key in ["rope_scaling", "rope_parameters"] {
            guard let value = fields.lookUp(key) else { continue }
            guard let object = value.object else { throw fields.damaged(key, value, "an object") }
            guard !object.members.isEmpty else { continue }
            for nested in ["full_attention", "sliding_attention"] where object[nested] != nil {
                throw fields.unsupported(
                    key, value, allowed: "one set of parameters for all layers")
            }
            self.key = key
            parameters = ConfigurationFields(object, file: "\(fields.file), \(key)")
            return
        }
        key = "rope_parameters"
        parameters = ConfigurationFields(JSONObject(), file: "\(fields.file), \(key)")
    }

    func rotary(headSize: Int, contextLength: Int) throws -> DecoderConfiguration.Rotary {
        guard headSize % 2 == 0 else {
            throw SpinError.damaged(
                fields.file, "heads of \(headSize) channels cannot be rotated in pairs")
        }
        for source in [fields, parameters] {
            let factor = try source.positive("partial_rotary_factor", absent: 1)
            guard factor == 1 else {
                throw source.unsupported("partial_rotary_factor", .number(factor), allowed: "1")
            }
        }
        let outer = try fields.positive("rope_theta", absent: 10_000)
        let base = try parameters.positive("rope_theta", absent: outer)
        return DecoderConfiguration.Rotary(
            base: base, scaling: try scaling(contextLength: contextLength),
            rotatedChannels: headSize)
    }

    private func scaling(
        contextLength: Int
    ) throws -> DecoderConfiguration.Rotary.Scaling {
        let type = try parameters.word("rope_type") ?? parameters.word("type") ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try parameters.positive("factor"))
        case "llama3":
            let range = ModelLimits.contextLength
            let name = "original_max_position_embeddings"
            // transformers prefers the outer key, and falls back to the context length.
            let outer = try fields.optionalInteger(name, range)
            let original = try outer ?? parameters.integer(name, range, absent: contextLength)
            let low = try parameters.positive("low_freq_factor")
            let high = try parameters.positive("high_freq_factor")
            guard low < high else {
                throw SpinError.damaged(
                    parameters.file,
                    "'low_freq_factor' \(low) is not below 'high_freq_factor' \(high)")
            }
            return .llama3(
                factor: try parameters.positive("factor"), lowFrequencyFactor: low,
                highFrequencyFactor: high, originalContextLength: original)
        default:
            throw fields.unsupported(
                "\(key).rope_type", .string(type), allowed: "default, linear, llama3")
        }
    }
}
