/// Where each parameter lies in one arena of floats; weights, gradients and moments share it.
///
/// A linear layer's weight is stored `[out, in]`, row-major, whatever the file's order. Query, key
/// and value weights of a layer follow each other without a gap, and so do gate and up, so that
/// each group is also one tall matrix. Every group starts at a multiple of 16 floats; the gaps
/// stay zero.
public struct ParameterLayout: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let name: ParameterName
        public let shape: [Int]
        /// First float in the arena.
        public let offset: Int
        public var count: Int { shape.reduce(1, *) }
    }

    public let entries: [Entry]
    /// Floats in the arena, gaps included.
    public let count: Int
    private let indexByName: [ParameterName: Int]

    /// - Parameter configuration: sizes already checked; products must not overflow.
    public init(_ configuration: DecoderConfiguration) {
        var builder = Builder()
        let channels = configuration.channels
        builder.group([(.tokenEmbedding, [configuration.vocabularySize, channels])])
        if configuration.position == .learned {
            builder.group([(.positionEmbedding, [configuration.contextLength, channels])])
        }
        for layer in 0..<configuration.layers {
            builder.addLayer(layer, configuration)
        }
        builder.addNorm(.finalNormWeight, .finalNormBias, configuration)
        if !configuration.tiedEmbeddings {
            builder.group([(.head, [configuration.vocabularySize, channels])])
        }
        entries = builder.entries
        count = builder.count
        indexByName = Dictionary(
            uniqueKeysWithValues: builder.entries.enumerated().map { ($1.name, $0) })
    }

    /// Nil when the configuration has no such parameter (a bias, the untied head …).
    public subscript(name: ParameterName) -> Entry? {
        indexByName[name].map { entries[$0] }
    }

    /// Trainable numbers, gaps not counted.
    public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }

    private struct Builder {
        var entries: [Entry] = []
        var count = 0

        /// Parameters that follow each other without a gap.
        mutating func group(_ members: [(ParameterName, [Int])]) {
            for (name, shape) in members {
                let entry = Entry(name: name, shape: shape, offset: count)
                entries.append(entry)
                count += entry.count
            }
            count = (count + 15) / 16 * 16
        }

        mutating func addNorm(
            _ weight: ParameterName, _ bias: ParameterName, _ configuration: DecoderConfiguration
        ) {
            group([(weight, [configuration.channels])])
            if configuration.norm == .layer { group([(bias, [configuration.channels])]) }
        }

        mutating func addLayer(_ layer: Int, _ configuration: DecoderConfiguration) {
            func name(_ part: ParameterName.Part) -> ParameterName { .layer(layer, part) }
            let channels = configuration.channels
            let query = configuration.queryChannels
            let keyValue = configuration.keyValueChannels
            let inner = configuration.feedForwardChannels

            addNorm(name(.attentionNormWeight), name(.attentionNormBias), configuration)
            group([
                (name(.queryWeight), [query, channels]), (name(.keyWeight), [keyValue, channels]),
                (name(.valueWeight), [keyValue, channels]),
            ])
            if configuration.queryKeyValueBias {
                group([
                    (name(.queryBias), [query]), (name(.keyBias), [keyValue]),
                    (name(.valueBias), [keyValue]),
                ])
            }
            if configuration.queryKeyNorm {
                group([(name(.queryNormWeight), [configuration.headSize])])
                group([(name(.keyNormWeight), [configuration.headSize])])
            }
            group([(name(.attentionOutputWeight), [channels, query])])
            if configuration.attentionOutputBias {
                group([(name(.attentionOutputBias), [channels])])
            }
            addNorm(name(.feedForwardNormWeight), name(.feedForwardNormBias), configuration)
            addFeedForward(layer, configuration, inner: inner)
        }

        private mutating func addFeedForward(
            _ layer: Int, _ configuration: DecoderConfiguration, inner: Int
        ) {
            func name(_ part: ParameterName.Part) -> ParameterName { .layer(layer, part) }
            let channels = configuration.channels
            let isGated: Bool
            if case .gated = configuration.feedForward { isGated = true } else { isGated = false }
            let up = (name(.upWeight), [inner, channels])
            group(isGated ? [(name(.gateWeight), [inner, channels]), up] : [up])
            if configuration.feedForwardBias {
                let upBias = (name(.upBias), [inner])
                group(isGated ? [(name(.gateBias), [inner]), upBias] : [upBias])
            }
            group([(name(.downWeight), [channels, inner])])
            if configuration.feedForwardBias { group([(name(.downBias), [channels])]) }
        }
    }
}
