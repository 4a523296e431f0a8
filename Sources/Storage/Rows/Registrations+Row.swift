import GRDB
import SpinDomain

extension ModelRecord: StoredRecord {
    static let table = Table(
        name: "model",
        columns: [
            "name", "path", "family", "format", "parameters", "vocabulary_size",
            "context_length", "layers", "channels", "bytes", "has_tokenizer",
            "has_chat_template", "created_at",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(
            name: try reader.next(), path: try reader.next(),
            summary: ModelSummary(
                family: try reader.next(), format: try reader.next(),
                parameters: try reader.next(), vocabularySize: try reader.next(),
                contextLength: try reader.next(), layers: try reader.next(),
                channels: try reader.next(), bytes: try reader.next(),
                hasTokenizer: try reader.next(), hasChatTemplate: try reader.next()),
            createdAt: try reader.time())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            name, path, summary.family, summary.format, summary.parameters,
            summary.vocabularySize, summary.contextLength, summary.layers, summary.channels,
            summary.bytes, summary.hasTokenizer, summary.hasChatTemplate, createdAt.microseconds,
        ]
    }

    func mappingPaths(_ map: (String) -> String) -> ModelRecord {
        var model = self
        model.path = map(path)
        return model
    }
}

extension DatasetRecord: StoredRecord {
    static let table = Table(
        name: "dataset",
        columns: [
            "name", "path", "bytes", "usable_rows", "forms", "duplicates", "empty_responses",
            "bad_lines", "problems", "created_at",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(
            name: try reader.next(), path: try reader.next(),
            summary: DatasetSummary(
                bytes: try reader.next(), rows: try reader.next(),
                forms: Self.forms(try reader.json()), duplicates: try reader.next(),
                emptyResponses: try reader.next(), badLines: try reader.next(),
                problems: Self.problems(try reader.json())),
            createdAt: try reader.time())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        let forms = summary.forms.sorted { $0.key < $1.key }
        let problems = summary.problems.map { problem -> JSONValue in
            ["line": .integer(problem.line), "reason": .string(problem.reason)]
        }
        return [
            name, path, summary.bytes, summary.rows,
            JSONValue.object(JSONObject(forms.map { ($0.key, .integer($0.value)) })).text,
            summary.duplicates, summary.emptyResponses, summary.badLines,
            JSONValue.array(problems).text, createdAt.microseconds,
        ]
    }

    func mappingPaths(_ map: (String) -> String) -> DatasetRecord {
        var dataset = self
        dataset.path = map(path)
        return dataset
    }

    private static func forms(_ json: JSONValue) -> [String: Int] {
        var forms: [String: Int] = [:]
        for (form, count) in json.object?.members ?? [] { forms[form] = count.integer }
        return forms
    }

    private static func problems(_ json: JSONValue) -> [DatasetSummary.LineProblem] {
        (json.array ?? []).compactMap { problem in
            guard let line = problem["line"]?.integer, let reason = problem["reason"]?.string
            else { return nil }
            return DatasetSummary.LineProblem(line: line, reason: reason)
        }
    }
}
