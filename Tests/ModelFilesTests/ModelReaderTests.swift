import Foundation
import ModelFiles
import SpinDomain
import Tensors
import Testing
import Transformer

@Suite struct ModelReaderTests {
    @Test(arguments: Fixture.folders + Fixture.ggufFiles)
    func everyParameterHasTheBitsThatPythonSaw(_ name: String) throws {
        let (description, weights) = try ModelReader.load(try Fixture.url(name))

        #expect(weights.digests() == (try Fixture.expected(name)))
        #expect(weights.layout == ParameterLayout(description.configuration))
        #expect(description.parameterCount == weights.layout.parameterCount)
    }

    @Test(arguments: Fixture.folders + Fixture.ggufFiles)
    func threadsAndAReusedArenaChangeNothing(_ name: String) throws {
        let url = try Fixture.url(name)
        let (description, weights) = try ModelReader.load(url)
        let again = ParameterArena(ParameterLayout(description.configuration))
        for index in 0..<again.layout.count where weights.buffer.pointer[index] != 0 {
            again.buffer.pointer[index] = .nan
        }

        try ModelReader.load(url, into: again, pool: WorkerPool(width: 3))

        #expect(again.floats == weights.floats)
    }

    @Test(arguments: Fixture.folders + Fixture.ggufFiles)
    func matricesReadApartHaveTheSameBitsAndLeaveTheArenaAlone(_ name: String) throws {
        let url = try Fixture.url(name)
        let (_, weights) = try ModelReader.load(url)
        // Queries, keys and values are one matrix to a decoder.
        let layout = weights.layout
        let query = try #require(layout[.layer(0, .queryWeight)])
        let value = try #require(layout[.layer(0, .valueWeight)])
        let down = try #require(layout[.layer(0, .downWeight)])
        let apart = [
            down.offset..<down.offset + down.count, query.offset..<value.offset + value.count,
        ]
        var taken: [Range<Int>: [Float]] = [:]
        let others = ParameterArena(layout, isSparse: true)

        try ModelReader.load(url, into: others, apart: apart, pool: WorkerPool(width: 2)) {
            taken[$0] = Array(UnsafeBufferPointer(start: $1, count: $0.count))
        }

        let all = weights.floats
        var rest = all
        for place in apart {
            #expect(taken[place] == Array(all[place]))
            rest.replaceSubrange(place, with: repeatElement(0, count: place.count))
        }
        #expect(taken.count == apart.count)
        #expect(others.floats == rest)
    }

    @Test func anArenaOfAnotherModelIsRefused() throws {
        let (_, weights) = try ModelReader.load(try Fixture.url("qwen2"))
        #expect(throws: SpinError.self) {
            try ModelReader.load(try Fixture.url("qwen3"), into: weights)
        }
    }

    @Test func llamaWithEveryOption() throws {
        let description = try ModelReader.describe(try Fixture.url("llama-sharded"))
        #expect(description.family == .llama)
        #expect(description.kind == .huggingFaceFolder)
        #expect(
            description.configuration
                == DecoderConfiguration(
                    vocabularySize: 40, contextLength: 64, channels: 24, layers: 2, heads: 4,
                    keyValueHeads: 2, headSize: 8, feedForwardChannels: 20,
                    norm: .rootMeanSquare, normEpsilon: 1e-5,
                    position: .rotary(
                        .init(
                            base: 500_000,
                            scaling: .llama3(
                                factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4,
                                originalContextLength: 32), rotatedChannels: 8)),
                    feedForward: .gated(.geluTanh), queryKeyValueBias: true,
                    attentionOutputBias: true, feedForwardBias: true, tiedEmbeddings: false))
        #expect(description.beginTokenID == 1)
        #expect(description.endTokenIDs == [2])
        #expect(description.padTokenID == 0)
    }

    @Test func llamaWithTheRotaryKeysOfTransformers4() throws {
        let description = try ModelReader.describe(try Fixture.url("llama-bfloat16"))
        #expect(
            description.configuration.position
                == .rotary(
                    .init(base: 20_000, scaling: .linear(factor: 2), rotatedChannels: 6)))
        #expect(description.configuration.tiedEmbeddings)
        // 7 stands in generation_config.json; config.json adds 2 and 5; 900 is no token.
        #expect(description.endTokenIDs == [7, 2, 5])
    }

    @Test func mistralHasAWindow() throws {
        let configuration = try ModelReader.describe(
            try Fixture.url("mistral-float16")
        ).configuration
        #expect(configuration.slidingWindow == 8)
        #expect(configuration.slidingWindowFirstLayer == 0)
        #expect(configuration.headSize == 10)
        #expect(
            configuration.position == .rotary(.init(base: 1_000_000, rotatedChannels: 10)))
        #expect(!configuration.queryKeyValueBias && !configuration.tiedEmbeddings)
    }

    @Test func qwen2HasBiasesAndAWindowInItsUpperLayers() throws {
        let configuration = try ModelReader.describe(try Fixture.url("qwen2")).configuration
        #expect(configuration.queryKeyValueBias && !configuration.attentionOutputBias)
        #expect(configuration.slidingWindow == 16)
        #expect(configuration.slidingWindowFirstLayer == 1)
    }

    @Test func qwen3NormalisesQueriesAndKeys() throws {
        let configuration = try ModelReader.describe(try Fixture.url("qwen3")).configuration
        #expect(configuration.queryKeyNorm && !configuration.queryKeyValueBias)
        #expect(configuration.slidingWindow == nil)
    }

    @Test func gpt2WithEveryOption() throws {
        let configuration = try ModelReader.describe(try Fixture.url("gpt2")).configuration
        #expect(
            configuration
                == DecoderConfiguration(
                    vocabularySize: 40, contextLength: 16, channels: 24, layers: 2, heads: 3,
                    keyValueHeads: 3, headSize: 8, feedForwardChannels: 20, norm: .layer,
                    normEpsilon: 1e-6, position: .learned, feedForward: .plain(.gelu),
                    queryKeyValueBias: true, attentionOutputBias: true, feedForwardBias: true,
                    tiedEmbeddings: false, attentionScale: 1, attentionScaleByLayer: true))
    }

    @Test func gpt2WithFewKeysHasTheDefaultsOfTransformers() throws {
        let configuration = try ModelReader.describe(try Fixture.url("gpt2-bare")).configuration
        #expect(configuration.feedForwardChannels == 96)
        #expect(configuration.feedForward == .plain(.geluTanh))
        #expect(configuration.tiedEmbeddings && !configuration.attentionScaleByLayer)
        #expect(configuration.attentionScale == 1 / Float(8).squareRoot())
    }

    @Test func ggufLlamaWithFactorsAndASentencePieceTokenizer() throws {
        let description = try ModelReader.describe(try Fixture.url("llama.gguf"))
        #expect(description.family == .llama)
        #expect(description.kind == .gguf)
        #expect(
            description.configuration
                == DecoderConfiguration(
                    vocabularySize: 48, contextLength: 64, channels: 32, layers: 2, heads: 4,
                    keyValueHeads: 2, headSize: 16, feedForwardChannels: 32,
                    norm: .rootMeanSquare, normEpsilon: 1e-5,
                    position: .rotary(
                        .init(
                            base: 500_000,
                            scaling: .llama3(
                                factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4,
                                originalContextLength: 8192), rotatedChannels: 16)),
                    feedForward: .gated(.silu), queryKeyValueBias: true,
                    attentionOutputBias: true, tiedEmbeddings: false))
        let tokenizer = try #require(description.ggufTokenizer)
        #expect(tokenizer.model == "llama")
        #expect(tokenizer.tokens.count == 45 && tokenizer.tokens[44] == "b")
        #expect(tokenizer.scores.last == -44)
        #expect(tokenizer.types.prefix(4) == [2, 3, 3, 6])
        #expect(tokenizer.beginTokenID == 1 && tokenizer.endTokenID == 2)
        #expect(tokenizer.unknownTokenID == 0 && tokenizer.padTokenID == nil)
        #expect(tokenizer.addsBeginToken == true && tokenizer.addsEndToken == nil)
        #expect(tokenizer.addsSpacePrefix == false)
        #expect(description.endTokenIDs == [2])
    }

    @Test func ggufQwen2WithScalingAndAByteLevelTokenizer() throws {
        let description = try ModelReader.describe(try Fixture.url("qwen2.gguf"))
        let configuration = description.configuration
        #expect(description.family == .qwen2)
        #expect(configuration.tiedEmbeddings)
        #expect(configuration.queryKeyValueBias && !configuration.attentionOutputBias)
        #expect(
            configuration.position
                == .rotary(
                    .init(base: 500_000, scaling: .linear(factor: 4), rotatedChannels: 16)))
        let tokenizer = try #require(description.ggufTokenizer)
        #expect(tokenizer.pre == "qwen2" && tokenizer.merges == ["a b"])
        #expect(tokenizer.chatTemplate == "{{ messages }}")
        // The end of the text and of the turn are one token here; the pad token is none.
        #expect(description.endTokenIDs == [3])
        #expect(description.padTokenID == nil)
    }

    @Test func aMissingFolderIsNotFound() throws {
        let folder = try TemporaryFolder()
        for name in ["nothing", "nothing/config.json"] {
            let error = #expect(throws: SpinError.self) {
                try ModelReader.describe(folder.url.appending(path: name))
            }
            #expect(error?.code == .notFound)
        }
        let error = #expect(throws: SpinError.self) { try ModelReader.describe(folder.url) }
        #expect(error?.code == .notFound)
    }
}
