import Foundation
import SelfPlay
import SpinDomain
import TextData

/// Tiny models on disk and an engine that writes with them.
final class Writer {
    let folder: TemporaryFolder
    let engine: TextEngine
    /// Without a tokenizer.
    let plainModel: String

    init(
        threads: Int = 1, clock: any Clock = SteppingClock(), memoryLimitBytes: Int? = nil
    ) throws {
        folder = try TemporaryFolder()
        engine = TextEngine(threads: threads, clock: clock, memoryLimitBytes: memoryLimitBytes)
        plainModel = folder.path("plain")
        try TinyModel.write(to: folder.url.appending(path: "plain"))
    }

    /// A model whose tokens are the 256 bytes and an end token.
    func byteModel(
        _ name: String = "bytes", seed: UInt64 = 7, contextLength: Int = 600,
        template: String? = nil
    ) throws -> String {
        let model = folder.url.appending(path: name)
        try TinyModel.write(
            to: model, seed: seed, vocabularySize: 257, endToken: 256,
            contextLength: contextLength)
        try Data(ByteVocabulary.tokenizerJSON(specialTokens: ["<end>"]).utf8)
            .write(to: model.appending(path: "tokenizer.json"))
        let settings = ByteVocabulary.configurationJSON(
            begin: nil, end: "<end>", chatTemplate: template)
        try Data(settings.utf8).write(to: model.appending(path: "tokenizer_config.json"))
        return folder.path(name)
    }

    func write(
        _ request: TextRequest, heed: () throws -> Void = {}
    ) throws -> Written {
        var written = Written()
        written.usage = try engine.generate(request, heed: heed) { written.add($0) }
        return written
    }

    /// The pointers of what is wrong with a request.
    func problems(_ request: TextRequest) -> [String] {
        do {
            _ = try write(request)
            return []
        } catch let error as SpinError {
            return error.problems.map(\.pointer)
        } catch {
            return ["\(error)"]
        }
    }
}

/// What an engine reported, by choice.
struct Written {
    var prompt: [Int32] = []
    var usage: TextUsage?
    private(set) var pieces: [Int: [TextPiece]] = [:]
    private(set) var endings: [Int: TextEnding] = [:]

    mutating func add(_ event: TextEvent) {
        switch event {
        case .began(let tokens): prompt = tokens
        case .piece(let piece): pieces[piece.choice, default: []].append(piece)
        case .ended(let choice, let ending): endings[choice] = ending
        }
    }

    func text(_ choice: Int = 0) -> String {
        pieces[choice, default: []].map(\.text).joined()
    }

    func tokens(_ choice: Int = 0) -> [TextToken] {
        pieces[choice, default: []].flatMap(\.tokens)
    }

    func ids(_ choice: Int = 0) -> [Int32] { tokens(choice).map(\.id) }
}
