import SpinDomain

/// Which layers of a model see only the latest positions, from its `config.json`.
struct SlidingWindow {
    /// Nil when every layer sees all.
    let size: Int?
    let firstLayer: Int

    init(
        _ fields: ConfigurationFields, _ family: ModelFamily, layers: Int, contextLength: Int
    ) throws {
        var size: Int?
        var firstLayer = 0
        switch family {
        case .llama, .gpt2: break
        case .mistral: size = try SlidingWindow.size(fields)
        case .qwen2, .qwen3:
            guard try fields.flag("use_sliding_window", absent: false) else { break }
            size = try SlidingWindow.size(fields)
            firstLayer = try SlidingWindow.firstLayer(fields, layers: layers)
        }
        // A window that no sequence can leave is none.
        let isEffective = size.map { $0 < contextLength } ?? false
        self.size = isEffective && firstLayer < layers ? size : nil
        self.firstLayer = self.size == nil ? 0 : firstLayer
    }

    /// `null` is no window, but an absent key is transformers' default for these families.
    private static func size(_ fields: ConfigurationFields) throws -> Int? {
        if fields.object["sliding_window"] == .null { return nil }
        return try fields.integer("sliding_window", ModelLimits.contextLength, absent: 4096)
    }

    /// From `layer_types`, or else `max_window_layers`: the layers below it see all.
    private static func firstLayer(_ fields: ConfigurationFields, layers: Int) throws -> Int {
        guard let value = fields.lookUp("layer_types") else {
            return try fields.integer(
                "max_window_layers", 0...ModelLimits.layers.upperBound, absent: 28)
        }
        guard let types = value.array?.compactMap(\.string), types.count == layers,
            types.allSatisfy({ $0 == "full_attention" || $0 == "sliding_attention" })
        else {
            throw fields.damaged(
                "layer_types", value,
                "a list of \(layers) times full_attention or sliding_attention")
        }
        let first = types.firstIndex(of: "sliding_attention") ?? layers
        guard !types[first...].contains("full_attention") else {
            throw fields.unsupported(
                "layer_types", value, allowed: "full_attention layers before sliding_attention ones"
            )
        }
        return first
    }
}
