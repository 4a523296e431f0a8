import MicroHTTP
import Operating
import SpinDomain
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HealthProbeTests {
    private struct Paths: HTTPHandler {
        func respond(to request: HTTPRequest) -> HTTPResponse {
            switch request.path {
            case "/readyz": HTTPResponse(status: 200)
            case "/host": .text(request.header("Host") ?? "", status: 503)
            default: HTTPResponse(status: 404)
            }
        }
    }

    @Test func itGivesTheStatusOfTheAnswer() throws {
        let server = try HTTPServer(handler: Paths())
        let url = "http://127.0.0.1:\(server.port)"
        #expect(try HealthProbe(url: url).status() == 200)
        #expect(try HealthProbe(url: url + "/").status() == 200)
        #expect(try HealthProbe(url: "http://localhost:\(server.port)/host").status() == 503)
        #expect(try HealthProbe(url: url + "/other").status() == 404)
        server.stop()
        #expect(throws: SpinError.self) { try HealthProbe(url: url).status() }
    }

    @Test(arguments: ["", "localhost:80", "https://localhost", "ftp://x"])
    func anAddressOfAnotherKindIsRefused(url: String) {
        #expect(throws: SpinError.self) { try HealthProbe(url: url) }
    }

    @Test(arguments: ["http://", "http://127.0.0.1:99999", "http://[::1]:1", "http://a b"])
    func whereNobodyAnswersIsAnError(url: String) throws {
        #expect(throws: SpinError.self) { try HealthProbe(url: url).status() }
    }
}
