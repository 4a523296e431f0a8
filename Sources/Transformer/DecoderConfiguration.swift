/// The shape of one decoder: every supported family is a value of this type, not a subclass.
///
/// `ModelFiles` fills it from a Hugging Face `config.json` or from GGUF metadata.
public struct DecoderConfiguration: Sendable, Equatable {
    public enum Norm: Sendable, Equatable {
        /// `y = w · x / rms(x)`, no bias (Llama, Qwen2).
        case rootMeanSquare
        /// `y = w · (x − mean) / std + b` (GPT-2).
        case layer
    }

    public enum Position: Sendable, Equatable {
        /// Rotary embedding of queries and keys in the half-split order of Hugging Face.
        case rotary(Rotary)
        /// A learned vector a position, added to the token embedding (GPT-2).
        case learned
    }

    /// Rotary position embedding (RoFormer, arXiv 2104.09864).
    public struct Rotary: Sendable, Equatable {
        public enum Scaling: Sendable, Equatable {
            case none
            /// Positions divided by `factor`.
            case linear(factor: Double)
            /// Llama 3.1's frequency-dependent interpolation.
            case llama3(
                factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
                originalContextLength: Int)
        }

        public var base: Double
        public var scaling: Scaling
        /// How many of a head's channels are rotated; even, at most `headSize`.
        public var rotatedChannels: Int

        public init(base: Double, scaling: Scaling = .none, rotatedChannels: Int) {
            self.base = base
            self.scaling = scaling
            self.rotatedChannels = rotatedChannels
        }
    }

    public enum Activation: Sendable, Equatable {
        case silu
        /// The exact, erf form.
        case gelu
        /// The tanh approximation (`gelu_new`, `gelu_pytorch_tanh`).
        case geluTanh
        case relu
    }

    public enum FeedForward: Sendable, Equatable {
        /// `down(activation(gate(x)) · up(x))`
        case gated(Activation)
        /// `down(activation(up(x)))`
        case plain(Activation)
    }

    public var vocabularySize: Int
    /// Longest sequence, in tokens.
    public var contextLength: Int
    public var channels: Int
    public var layers: Int
    public var heads: Int
    /// Equal to `heads`, or a divisor of it: several query heads share one key/value head.
    public var keyValueHeads: Int
    public var headSize: Int
    public var feedForwardChannels: Int
    public var norm: Norm
    public var normEpsilon: Float
    public var position: Position
    public var feedForward: FeedForward
    public var queryKeyValueBias: Bool
    public var attentionOutputBias: Bool
    public var feedForwardBias: Bool
    /// The head is the token embedding.
    public var tiedEmbeddings: Bool
    /// A query sees the last `slidingWindow` positions, its own among them; nil sees all.
    public var slidingWindow: Int?
    /// Layers with the window: those from this index on (Qwen2's `max_window_layers`).
    public var slidingWindowFirstLayer: Int
    /// RMS norm of each query and key head before the rotary embedding (Qwen3).
    public var queryKeyNorm: Bool
    /// Attention scores are multiplied by this; 1/√headSize unless the family says otherwise.
    public var attentionScale: Float
    /// GPT-2's `scale_attn_by_inverse_layer_idx`: layer l's scores are also divided by l + 1.
    public var attentionScaleByLayer: Bool
    /// Logits are multiplied by this.
    public var logitScale: Float

    public init(
        vocabularySize: Int, contextLength: Int, channels: Int, layers: Int, heads: Int,
        keyValueHeads: Int, headSize: Int, feedForwardChannels: Int, norm: Norm,
        normEpsilon: Float, position: Position, feedForward: FeedForward,
        queryKeyValueBias: Bool = false, attentionOutputBias: Bool = false,
        feedForwardBias: Bool = false, tiedEmbeddings: Bool, slidingWindow: Int? = nil,
        slidingWindowFirstLayer: Int = 0, queryKeyNorm: Bool = false,
        attentionScale: Float? = nil, attentionScaleByLayer: Bool = false, logitScale: Float = 1
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.channels = channels
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headSize = headSize
        self.feedForwardChannels = feedForwardChannels
        self.norm = norm
        self.normEpsilon = normEpsilon
        self.position = position
        self.feedForward = feedForward
        self.queryKeyValueBias = queryKeyValueBias
        self.attentionOutputBias = attentionOutputBias
        self.feedForwardBias = feedForwardBias
        self.tiedEmbeddings = tiedEmbeddings
        self.slidingWindow = slidingWindow
        self.slidingWindowFirstLayer = slidingWindowFirstLayer
        self.queryKeyNorm = queryKeyNorm
        self.attentionScale = attentionScale ?? 1 / Float(headSize).squareRoot()
        self.attentionScaleByLayer = attentionScaleByLayer
        self.logitScale = logitScale
    }

    public var queryChannels: Int { heads * headSize }
    public var keyValueChannels: Int { keyValueHeads * headSize }
}
