import SpinDomain

extension ModelRecord {
    var json: JSONValue {
        [
            "name": .string(name), "object": "model", "path": .string(path),
            "format": .string(summary.format), "family": .string(summary.family),
            "parameters": .integer(summary.parameters), "layers": .integer(summary.layers),
            "channels": .integer(summary.channels),
            "vocabulary_size": .integer(summary.vocabularySize),
            "context_length": .integer(summary.contextLength), "bytes": .integer(summary.bytes),
            "has_tokenizer": .bool(summary.hasTokenizer),
            "has_chat_template": .bool(summary.hasChatTemplate),
            "created_at": .string(createdAt.text),
            "links": ["self": .string(Link.model(name)), "jobs": "/v1/jobs"],
        ]
    }
}

extension DatasetRecord {
    var json: JSONValue {
        let forms = summary.forms.sorted { $0.key < $1.key }
            .map { ($0.key, JSONValue.integer($0.value)) }
        return [
            "name": .string(name), "object": "dataset", "bytes": .integer(summary.bytes),
            "rows": .integer(summary.rows), "forms": .object(JSONObject(forms)),
            "duplicates": .integer(summary.duplicates),
            "empty_responses": .integer(summary.emptyResponses),
            "bad_lines": .integer(summary.badLines),
            "problems": .array(
                summary.problems.map { ["line": .integer($0.line), "detail": .string($0.reason)] }),
            "created_at": .string(createdAt.text),
            "links": ["self": .string(Link.dataset(name)), "jobs": "/v1/jobs"],
        ]
    }
}

extension APIKey {
    /// Without anything that would help to guess the secret.
    var json: JSONValue {
        [
            "id": .string(id), "object": "key", "name": .string(name),
            "scope": .string(scope.rawValue), "created_at": .string(createdAt.text),
            "expires_at": expiresAt.map { .string($0.text) } ?? .null,
            "links": ["self": .string(Link.key(id)), "keys": "/v1/keys"],
        ]
    }
}
