import Foundation
import Glibc
import ModelFiles
import SpinDomain
import TextData

/// What models and data sets consist of.
let modelReaders: [String: @Sendable ([UInt8]) -> Void] = [
    "safetensors": { bytes in
        guard let file = try? SafetensorsFile(written(bytes)) else { return }
        for name in file.names { _ = try? file.floats(name) }
    },
    "gguf": { bytes in
        _ = try? ModelReader.describe(written(bytes, suffix: ".gguf"))
    },
    "tokenizer": readTokenizer,
    "template": readTemplate,
    "jsonl": { bytes in
        let file = DatasetFile(written(bytes))
        guard let report = try? file.inspect() else { return }
        let rows = (try? file.rows())?.count
        precondition(rows == nil || rows == report.rows, "a data set has other rows when read")
    },
]

/// In memory, where the system has such a folder.
private let folder = URL(
    filePath: FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp")

private func written(_ bytes: [UInt8], suffix: String = "") -> URL {
    let file = folder.appending(path: "spind-fuzz-\(getpid())\(suffix)")
    do {
        try Data(bytes).write(to: file)
    } catch {
        fatalError("\(file.path) cannot be written: \(error)")
    }
    return file
}

private func readTokenizer(_ bytes: [UInt8]) {
    guard let tokenizer = try? BytePairTokenizer(tokenizerJSON: bytes) else { return }
    let text = "Hello, wörld!  1234\n\t<|end|> \u{1F600}"
    guard let ids = try? tokenizer.encode(text, addSpecialTokens: true) else { return }
    for id in ids { _ = tokenizer.bytes(of: id) }
}

private func readTemplate(_ bytes: [UInt8]) {
    let template = try? ChatTemplate(
        source: String(decoding: bytes, as: UTF8.self), specialTokens: ["eos_token": "</s>"])
    _ = try? template?.render(
        [ChatMessage(role: "user", content: "hi")], addGenerationPrompt: true)
}
