public import Foundation
import SpinDomain
import Transformer

extension ModelDescription {
    /// A model that has no weights yet, by the text of its `config.json`.
    ///
    /// - Throws: `damagedFile`, `unsupported` as reading a folder with that text.
    public init(configurationJSON: Data) throws {
        let file = "config.json"
        let object = try JSONParser.parseObject(Array(configurationJSON), file: file)
        let configuration = try HuggingFaceConfiguration(object, file: file)
        let roles = try TokenRoles(
            configuration.fields, generation: nil,
            vocabularySize: configuration.decoder.vocabularySize)
        self.init(
            configuration: configuration.decoder, family: configuration.family,
            kind: .huggingFaceFolder,
            parameterCount: ParameterLayout(configuration.decoder).parameterCount,
            beginTokenID: roles.begin, endTokenIDs: roles.ends, padTokenID: roles.pad,
            fileBytes: 0, configurationJSON: configuration.checkpointObject().data,
            generationConfigurationJSON: roles.generationObject.data, ggufTokenizer: nil)
    }
}
