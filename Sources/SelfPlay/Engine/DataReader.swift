import Foundation
import SpinDomain
import TextData
import Transformer

/// Reads a data set and turns its rows into token ids for a model.
struct DataReader {
    private let model: ModelSetting
    /// The configuration's field that names the data set: where problems are reported.
    private let pointer: String

    init(_ model: ModelSetting, pointer: String) {
        self.model = model
        self.pointer = pointer
    }

    /// All rows, or none and what is wrong with them.
    func read(_ path: String, _ problems: inout [SpinError.FieldProblem]) -> [DataRow] {
        func problem(_ detail: String) -> SpinError.FieldProblem {
            .init(pointer: pointer, detail: detail)
        }
        do {
            let rows = try DatasetFile(URL(filePath: path)).rows()
            if !model.hasTokenizer, let first = rows.first(where: { $0.row.isText }) {
                problems.append(
                    problem(
                        "line \(first.line) is text, but the model has no tokenizer; give "
                            + "prompt_ids and response_ids, or a model with a tokenizer"))
                return []
            }
            return try rows.map { try encode($0) }
        } catch let error as SpinError {
            let details = error.problems.prefix(5).map { "; \($0.pointer): \($0.detail)" }
            problems.append(problem(error.message + details.joined()))
        } catch {
            problems.append(problem("cannot be read: \(error)"))
        }
        return []
    }

    private func encode(_ numbered: DatasetFile.NumberedRow) throws -> DataRow {
        let row = try model.encode(numbered.row)
        let where_ = "line \(numbered.line)"
        guard !row.prompt.isEmpty, !row.response.isEmpty else {
            throw SpinError(.invalid, "\(where_) has an empty prompt or response")
        }
        let vocabulary = 0..<Int32(clamping: model.decoder.vocabularySize)
        if let id = (row.prompt + row.response).first(where: { !vocabulary.contains($0) }) {
            throw SpinError(
                .invalid,
                "\(where_) has token id \(id), but the vocabulary has \(model.decoder.vocabularySize)")
        }
        return row
    }
}

extension DatasetRow {
    fileprivate var isText: Bool {
        if case .text = self { return true }
        return false
    }
}
