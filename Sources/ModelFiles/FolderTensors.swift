import SpinDomain
import Transformer

/// The tensors of a folder matched with the parameters of its configuration.
struct FolderTensors {
    let layout: ParameterLayout
    let pieces: [WeightPiece]

    /// - Throws: `damagedFile` naming the tensor that is missing, misshapen, twice there, or
    ///   belongs to no parameter.
    init(
        _ tensors: [StoredTensor], _ configuration: DecoderConfiguration, _ family: ModelFamily
    ) throws {
        var rest: [String: StoredTensor] = [:]
        let prefix = family == .gpt2 ? "transformer." : "model."
        for tensor in tensors {
            // Files saved from the model without its head lack the prefix.
            let isWhole = tensor.name.hasPrefix(prefix) || tensor.name == "lm_head.weight"
            let name = isWhole ? tensor.name : prefix + tensor.name
            guard rest.updateValue(tensor, forKey: name) == nil else {
                throw SpinError.damaged(tensor.file.name, "tensor '\(tensor.name)' is there twice")
            }
        }
        try ModelLimits.checkLayers(configuration, tensors: rest.count)
        layout = ParameterLayout(configuration)
        pieces = try TensorNames.tensors(of: layout, family: family).map { wanted in
            let stored = rest.removeValue(forKey: wanted.name)
            return WeightPiece(
                tensor: try WeightPiece.check(
                    stored, name: wanted.name, shape: wanted.shape, file: "model.safetensors"),
                offset: wanted.offset,
                arrangement: wanted.isTransposed ? .transposed : .asStored)
        }
        let extra = rest.filter {
            !FolderTensors.isHarmless($0.key, isTied: configuration.tiedEmbeddings)
        }
        if let (_, tensor) = extra.min(by: { $0.key < $1.key }) {
            throw SpinError.damaged(
                tensor.file.name,
                "tensor '\(tensor.name)' \(tensor.shape) belongs to no parameter of config.json")
        }
    }

    /// Buffers that old versions of transformers saved, and a tied head saved once more.
    private static func isHarmless(_ name: String, isTied: Bool) -> Bool {
        name.hasSuffix(".rotary_emb.inv_freq") || name.hasSuffix(".attn.bias")
            || name.hasSuffix(".attn.masked_bias") || (isTied && name == "lm_head.weight")
    }
}
