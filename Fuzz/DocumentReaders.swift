import Documents
import Foundation
import MicroHTTP
import SpinDomain

/// What comes in requests.
let documentReaders: [String: @Sendable ([UInt8]) -> Void] = [
    "json": readJSON,
    "yaml": { _ = try? DocumentReader.yaml(Data($0)) },
    "configuration": readConfiguration,
    "target": readTarget,
    "range": readRange,
    "key": { bytes in
        _ = (try? JSONParser.parse(bytes)).flatMap { try? KeyRequest(json: $0) }
    },
]

private func readJSON(_ bytes: [UInt8]) {
    guard let value = try? JSONParser.parse(bytes) else { return }
    // Written and read again it must be the same text, so that nothing is lost on the way.
    let again = try? JSONParser.parse(value.utf8)
    precondition(again?.utf8 == value.utf8, "JSON changes when it is written and read again")
}

private func readConfiguration(_ bytes: [UInt8]) {
    guard let document = try? JSONParser.parse(bytes),
        let configuration = try? JobConfiguration(json: document)
    else { return }
    let again = try? JobConfiguration(json: configuration.json)
    precondition(again == configuration, "a resolved configuration reads differently")
}

private func readTarget(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let request = try? HTTPRequest(method: "GET", target: text) else { return }
    for segment in request.segments {
        precondition(
            segment != ".." && segment != "." && !segment.utf8.contains(0)
                && !segment.contains("/") && !segment.contains("\\"),
            "a segment leads elsewhere")
    }
}

private func readRange(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let size = Int64(first)
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    guard case .part(let part) = ByteRange.parse("bytes=" + text, size: size) else { return }
    precondition(
        part.lowerBound >= 0 && part.upperBound <= size && !part.isEmpty,
        "a range outside of the file")
}
