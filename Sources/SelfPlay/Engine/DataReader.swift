import Foundation
import SpinDomain
import TextData
import Transformer

/// Reads a data set and turns its rows into token ids for a model.
struct DataReader {
    private let encoder: ExampleEncoder
    /// The configuration's field that names the data set: where problems are reported.
    private let pointer: String
    private static let namedProblems = 5

    init(_ model: ModelSetting, pointer: String) {
        encoder = ExampleEncoder(
            codec: model.codec, vocabularySize: model.decoder.vocabularySize)
        self.pointer = pointer
    }

    /// All rows, or none and what is wrong with them.
    func read(_ path: String, _ problems: inout [SpinError.FieldProblem]) -> [DataRow] {
        do {
            let rows = try DatasetFile(URL(filePath: path)).rows()
            return try rows.enumerated().map { index, row in
                let example = try encoder.encode(row, index: index)
                return DataRow(prompt: example.promptIDs, response: example.actualIDs)
            }
        } catch let error as SpinError {
            let details = error.problems.prefix(Self.namedProblems).map {
                "; \($0.pointer): \($0.detail)"
            }
            let hint = error.hint.map { " (\($0))" } ?? ""
            problems.append(
                .init(pointer: pointer, detail: error.message + hint + details.joined()))
        } catch {
            problems.append(.init(pointer: pointer, detail: "cannot be read: \(error)"))
        }
        return []
    }
}
