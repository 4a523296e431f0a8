public import Foundation
public import SpinDomain

/// All that a model needs to read and write text: tokenizer, chat template, stop tokens, and the files
/// that a checkpoint takes along so that others can load it.
public struct TextCodec: Sendable {
    /// Where an assistant's turn ends.
    public struct TurnEnd: Sendable, Equatable {
        /// What follows the assistant's text, up to and with the token.
        public let text: String
        public let id: Int32

        public init(text: String, id: Int32) {
            self.text = text
            self.id = id
        }
    }

    public let tokenizer: any Tokenizer
    public let beginID: Int32?
    public let endID: Int32?
    /// nil when the model has none, or one that cannot be rendered.
    public let chatTemplate: ChatTemplate?
    /// Why the model's chat template cannot be rendered.
    public let templateProblem: SpinError?
    /// The first special token that the chat template puts behind an assistant's text; nil without a
    /// template, or when it puts none there.
    public let turnEnd: TurnEnd?
    /// The tokens at which generation stops, ascending: end of text, end of turn, and what
    /// `generation_config.json` adds.
    public let stopTokenIDs: [Int32]

    private let files: [String: [UInt8]]

    init(
        tokenizer: any Tokenizer, configuration: TokenizerConfiguration, files: [String: [UInt8]]
    ) throws {
        self.tokenizer = tokenizer
        self.files = files
        let names = configuration.specialTokens
        beginID = names["bos_token"].flatMap(tokenizer.id) ?? configuration.beginID
        endID = names["eos_token"].flatMap(tokenizer.id) ?? configuration.endIDs.first
        var template: ChatTemplate?
        var problem = configuration.templateProblem
        do {
            template = try configuration.chatTemplate.map {
                try ChatTemplate(source: $0, specialTokens: names)
            }
        } catch let error as SpinError {
            problem = error
        }
        chatTemplate = template
        templateProblem = problem
        turnEnd = try template.flatMap { try Self.turnEnd(of: $0.endOfTurn, tokenizer) }
        let stops = [endID, turnEnd?.id].compactMap { $0 } + configuration.endIDs
        stopTokenIDs = Set(stops).sorted()
    }

    private static func turnEnd(of text: String, _ tokenizer: any Tokenizer) throws -> TurnEnd? {
        let ids = try tokenizer.encode(text, addSpecialTokens: false)
        guard let id = ids.first(where: tokenizer.isSpecial), let token = tokenizer.token(of: id),
            let place = text.firstOccurrence(of: token)
        else { return nil }
        return TurnEnd(text: String(text[..<place.upperBound]), id: id)
    }

    /// The files that make a checkpoint loadable with the same ids, by name.
    public func exportFiles() throws -> [String: Data] {
        files.mapValues { Data($0) }
    }
}

// MARK: - Loading

extension TextCodec {
    /// What a checkpoint takes over from the folder, byte for byte.
    private static let exportedNames = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "generation_config.json", "chat_template.jinja", "vocab.json", "merges.txt",
        "tokenizer.model",
    ]
    private static let largestFile = 256 << 20

    /// Reads the text side of a Hugging Face folder; nil when it has no `tokenizer.json`.
    ///
    /// - Throws: `damagedFile`, `unsupported` or `inputOutput`.
    public static func load(folder: URL) throws -> TextCodec? {
        var files: [String: [UInt8]] = [:]
        for name in exportedNames {
            files[name] = try contents(of: folder.appendingPathComponent(name))
        }
        guard let text = files[TokenizerFile.name] else { return nil }
        var readFiles = files
        readFiles["config.json"] = try contents(of: folder.appendingPathComponent("config.json"))
        let configuration = try TokenizerConfiguration(readFiles)
        return try TextCodec(
            tokenizer: try tokenizer(TokenizerFile(text), configuration),
            configuration: configuration, files: files)
    }

    private static func contents(of file: URL) throws -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let name = file.lastPathComponent
        do {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: file.resolvingSymlinksInPath().path)
            guard (attributes[.size] as? Int ?? 0) <= largestFile else {
                throw SpinError(.unsupported, "\(name) is larger than \(largestFile >> 20) MiB")
            }
            return Array(try Data(contentsOf: file))
        } catch let error as SpinError {
            throw error
        } catch {
            throw SpinError(.inputOutput, "\(name) cannot be read: \(error.localizedDescription)")
        }
    }

    /// As Transformers does it: a configuration that names `add_bos_token` or `add_eos_token` replaces
    /// the post-processor.
    private static func tokenizer(
        _ file: TokenizerFile, _ configuration: TokenizerConfiguration
    ) throws -> BytePairTokenizer {
        guard configuration.addsBegin != nil || configuration.addsEnd != nil else {
            return try BytePairTokenizer(file)
        }
        func ids(_ isAdded: Bool?, _ name: String) -> [Int32] {
            guard isAdded == true, let token = configuration.specialTokens[name] else { return [] }
            return file.id(of: token).map { [$0] } ?? []
        }
        return try BytePairTokenizer(
            file, prefixIDs: ids(configuration.addsBegin, "bos_token"),
            suffixIDs: ids(configuration.addsEnd, "eos_token"))
    }

    /// Builds the text side of a GGUF file.
    ///
    /// The vocabulary is first written as the files of a Hugging Face folder and then read from them, so
    /// that an exported checkpoint gives the same ids by construction.
    /// - Throws: `unsupported` or `damagedFile`.
    public init(gguf: GGUFVocabulary) throws {
        let files = try gguf.tokenizerFiles()
        let configuration = try TokenizerConfiguration(files)
        let tokenizer = try BytePairTokenizer(tokenizerJSON: files[TokenizerFile.name] ?? [])
        try self.init(tokenizer: tokenizer, configuration: configuration, files: files)
    }
}
