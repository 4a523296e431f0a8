import Foundation
import Glibc
import MicroHTTP
import SpinDomain

/// The body of a request, for as long as the answer takes.
///
/// The server removes the file of a large body when the handler returns; an answer that is given
/// later keeps the file under another name until then.
final class Upload: Sendable {
    static let mediaTypes = [
        "application/jsonl", "application/x-ndjson", "application/ndjson",
        "application/jsonlines", "application/x-jsonlines",
    ]

    let body: HTTPRequest.Body
    private let keptFile: String?

    init(borrowing body: HTTPRequest.Body) {
        self.body = body
        keptFile = nil
    }

    init(keeping body: HTTPRequest.Body) {
        guard case .file(let url, let count) = body,
            rename(url.path, url.path + ".kept") == 0
        else {
            self.body = body
            keptFile = nil
            return
        }
        let kept = url.path + ".kept"
        self.body = .file(URL(fileURLWithPath: kept), count: count)
        keptFile = kept
    }

    deinit {
        if let keptFile { unlink(keptFile) }
    }

    var bytes: Data {
        get throws {
            switch body {
            case .none: Data()
            case .data(let data): data
            case .file(let url, _): try Data(contentsOf: url)
            }
        }
    }

    /// - Throws: a refusal with 415 for a body that is not JSON Lines.
    static func checkType(_ request: HTTPRequest) throws {
        let sent = request.header("Content-Type") ?? ""
        let bare = sent.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard mediaTypes.contains(bare) else {
            throw Refusal.unsupportedMediaType(sent, expected: mediaTypes)
        }
    }
}
