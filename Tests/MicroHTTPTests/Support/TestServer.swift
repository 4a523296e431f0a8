import Foundation
import Glibc
import MicroHTTP
import Synchronization

/// A handler made of closures.
struct TestHandler: HTTPHandler {
    var respond: @Sendable (HTTPRequest) -> HTTPResponse = { .text("hello from \($0.path)") }
    var admit: @Sendable (HTTPRequest) -> BodyPolicy = { _ in .memory(maximumBytes: 1000) }

    var ended: @Sendable (RequestRecord) -> Void = { _ in }

    func requestEnded(_ record: RequestRecord) { ended(record) }

    func respond(to request: HTTPRequest) -> HTTPResponse { respond(request) }

    func admit(_ head: HTTPRequest) -> BodyPolicy { admit(head) }

    func refusal(status: Int, reason: String, requestID: String) -> HTTPResponse {
        .text("refused: \(reason)", status: status, contentType: "text/x-refusal")
    }
}

extension HTTPServer {
    static func test(
        _ handler: TestHandler = TestHandler(),
        configure: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configure(&configuration)
        return try HTTPServer(configuration, handler: handler)
    }
}

/// Waits until the condition holds, at most as long as a client's patience.
func eventually(_ condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(RawClient.patienceSeconds)
    while !condition() {
        if ContinuousClock.now > end { return false }
        usleep(1000)
    }
    return true
}

/// A value that handlers and tests share.
final class Shared<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }

    func update(_ change: (inout Value) -> Void) { content.withLock { change(&$0) } }
}

/// A folder that is removed with everything in it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("microhttp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var fileNames: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    }
}
