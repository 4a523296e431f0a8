import Documents
package import Foundation
public import SpinDomain

/// A configuration from a file, with changes from the command line.
public enum JobDocument {
    /// - Parameters:
    ///   - file: a YAML or JSON file; `-` is standard input.
    ///   - changes: `key=value` each, with dots between the keys of nested objects.
    /// - Throws: `SpinError` that names the file or the change.
    public static func read(_ file: String, changes: [String] = []) throws -> JSONValue {
        guard let data = data(of: file) else {
            throw SpinError(
                .inputOutput, "the configuration \(file) cannot be read",
                hint: "spind demo DIR writes one to begin with")
        }
        return try document(data, isJSON: file.hasSuffix(".json"), name: file, changes: changes)
    }

    package static func document(
        _ data: Data, isJSON: Bool, name: String, changes: [String]
    ) throws -> JSONValue {
        let document: JSONValue
        do {
            document = try isJSON ? DocumentReader.json(data) : DocumentReader.yaml(data)
        } catch let error as SpinError {
            throw SpinError(error.code, "\(name): \(error.message)", hint: error.hint)
        }
        return try changes.reduce(document) { try apply($1, to: $0) }
    }

    private static func data(of file: String) -> Data? {
        guard file == "-" else { return FileManager.default.contents(atPath: file) }
        return try? FileHandle.standardInput.readToEnd() ?? Data()
    }

    private static func apply(_ change: String, to document: JSONValue) throws -> JSONValue {
        guard let sign = change.firstIndex(of: "=") else { throw bad(change, "there is no =") }
        let keys = change[..<sign].split(separator: ".", omittingEmptySubsequences: false)
            .map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty }) else { throw bad(change, "a key is empty") }
        let text = change[change.index(after: sign)...]
        let value = text.isEmpty ? .null : try value(text, of: change)
        guard let result = document.setting(keys[...], to: value) else {
            throw bad(change, "what is above is no object")
        }
        return result
    }

    private static func value(_ text: Substring, of change: String) throws -> JSONValue {
        do {
            return try DocumentReader.yaml(text.utf8)
        } catch let error as SpinError {
            throw bad(change, error.message)
        }
    }

    private static func bad(_ change: String, _ reason: String) -> SpinError {
        SpinError(
            .invalid, "--set \(change): \(reason)",
            hint: "expected key=value, as spin.max_iterations=3 or optim.lr=[5e-7,1e-7]")
    }
}

extension JSONValue {
    /// This value with another one at a path; nil where the path leads through what is no object.
    fileprivate func setting(_ keys: ArraySlice<String>, to value: JSONValue) -> JSONValue? {
        guard let key = keys.first else { return value }
        guard var object = isNull ? JSONObject() : object,
            let inner = (object[key] ?? .null).setting(keys.dropFirst(), to: value)
        else { return nil }
        object[key] = inner
        return .object(object)
    }
}
