import Client
import Foundation
import MicroHTTP
import SpinDomain
import Synchronization

/// A server that answers as a test says, and remembers what it was asked.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (_ request: HTTPRequest, _ number: Int) -> HTTPResponse

    private final class Handler: HTTPHandler {
        let requests = Mutex<[HTTPRequest]>([])
        private let script: Script

        init(_ script: @escaping Script) {
            self.script = script
        }

        func respond(to request: HTTPRequest) -> HTTPResponse {
            let number = requests.withLock { requests in
                requests.append(request)
                return requests.count
            }
            return script(request, number)
        }
    }

    private let handler: Handler
    private let server: HTTPServer

    /// - Parameter script: gets how many requests have come, this one included.
    init(_ script: @escaping Script) throws {
        handler = Handler(script)
        server = try HTTPServer(handler: handler)
    }

    deinit { server.stop() }

    var requests: [HTTPRequest] { handler.requests.withLock { $0 } }

    func client(key: String? = nil, patienceSeconds: Double = 10) throws -> ServerClient {
        ServerClient(
            ServerConnection(address: try ServerAddress("127.0.0.1:\(server.port)"), key: key),
            patienceSeconds: patienceSeconds)
    }
}

extension HTTPResponse {
    static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        .text(value.text, status: status, contentType: "application/json")
    }

    static func problem(_ status: Int, _ more: JSONObject) -> HTTPResponse {
        var object: JSONObject = ["type": "urn:spind:problem:x", "status": .integer(status)]
        for (key, value) in more.members { object[key] = value }
        return .text(
            JSONValue.object(object).text, status: status, contentType: "application/problem+json")
    }
}
