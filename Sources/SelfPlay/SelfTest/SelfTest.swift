import Foundation
public import SpinDomain
import Tensors
import Transformer

/// Measures in half a minute what this machine can do, and what spind makes of it.
public struct SelfTest: Sendable {
    /// A model of SmolLM2's shape with fewer layers: its weights, 227 MB, are too many for most
    /// caches.
    private static let layers = 8
    private static let pairs = 4
    private static let promptTokens = 96
    private static let responseTokens = 112
    private static let lonelyPromptTokens = 4
    private static let sideBySide = 32
    private static let decodedTokens = 48

    private let threads: Int
    private let clock: any Clock

    /// - Parameter threads: nil for one a usable core.
    public init(threads: Int? = nil, clock: any Clock) {
        self.threads = max(1, threads ?? WorkerPool.availableCores)
        self.clock = clock
    }

    /// Takes about 1.5 GB of memory.
    ///
    /// - Parameter progress: what is measured next, for people.
    /// - Throws: `internal` when the clock stands still.
    public func run(progress: (String) -> Void) throws -> SelfTestReport {
        let load = Self.load()
        let pool = WorkerPool(width: threads)
        let probe = SpeedProbe(pool: pool, clock: clock)
        progress("matrix products")
        let lonelyProbe = SpeedProbe(pool: WorkerPool(width: 1), clock: clock)
        let single = try Self.checked(lonelyProbe.fastestMatrixProduct(seconds: 1))
        let operations = try Self.checked(probe.fastestMatrixProduct(seconds: 1))
        progress("memory")
        let read = try Self.checked(probe.readBandwidth())
        let triad = try Self.checked(probe.triadBandwidth())

        let decoder = makeDecoder(pool)
        progress("training")
        let step = try trial(decoder, prompt: Self.promptTokens, response: Self.responseTokens)
            .step(pairs: Self.pairs)
        progress("decoding")
        let lonely = try trial(
            decoder, prompt: Self.lonelyPromptTokens, response: Self.decodedTokens
        ).rollout(sequences: 1)
        let batched = try trial(
            decoder, prompt: Self.lonelyPromptTokens, response: Self.decodedTokens
        ).rollout(sequences: Self.sideBySide)
        let weightBytes = Double(decoder.weights.buffer.count * MemoryLayout<Float>.size)
        return SelfTestReport(
            processor: .current, blasKernel: Machine.current.blasKernel, threads: threads,
            load: load, singleThreadOperations: single, operations: operations,
            readBandwidth: read, triadBandwidth: triad, stepSeconds: step.seconds,
            stepTokensPerSecond: Double(step.tokens) / step.seconds,
            mfu: step.operations / step.seconds / operations,
            lonelyTokensPerSecond: lonely.tokensPerSecond,
            batchedTokensPerSecond: batched.tokensPerSecond,
            bandwidthShare: lonely.tokensPerSecond * weightBytes / read)
    }

    private func makeDecoder(_ pool: WorkerPool) -> Decoder {
        let configuration = DecoderConfiguration.smolLM2(layers: Self.layers)
        let weights = ParameterArena(ParameterLayout(configuration))
        weights.fillForTrials(using: pool)
        return Decoder(configuration: configuration, weights: weights, pool: pool)
    }

    private func trial(_ decoder: Decoder, prompt: Int, response: Int) -> GameTrial {
        GameTrial(
            decoder: decoder, promptTokens: prompt, responseTokens: response, clock: clock)
    }

    private static func checked(_ speed: Double?) throws -> Double {
        guard let speed else { throw SpinError(.internal, "the clock stands still") }
        return speed
    }

    /// The mean of the last minute, in programs that run or want to.
    private static func load() -> Double? {
        let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)
        return text?.split(separator: " ").first.flatMap { Double($0) }
    }
}

extension GameTrial.Rollout {
    fileprivate var tokensPerSecond: Double { Double(tokens) / seconds }
}
