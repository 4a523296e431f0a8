import Client
import Foundation
import MicroHTTP
import SpinDomain
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerClientTests {
    @Test func whatIsAskedArrivesAndTheAnswerComesBack() throws {
        let server = try ScriptedServer { request, _ in .json(["method": .string(request.method)]) }
        let client = try server.client(key: "spind_x_y")
        let answer = try client.get("/v1/jobs", query: [("a b", "c&d"), ("gone", nil), ("n", "1")])
        #expect(try answer.json()["method"]?.string == "GET")
        try client.post("/v1/jobs", ["name": "é"], idempotencyKey: "k1")
        try client.post("/v1/jobs/x/pause")
        let (get, post, bare) = (server.requests[0], server.requests[1], server.requests[2])
        #expect(get.target == "/v1/jobs?a%20b=c%26d&n=1")
        #expect(get.header("Authorization") == "Bearer spind_x_y")
        #expect(post.header("Idempotency-Key") == "k1")
        #expect(post.header("Content-Type") == "application/json")
        #expect(post.text == #"{"name":"é"}"#)
        #expect(bare.method == "POST" && bare.header("Content-Type") == nil && bare.text == "")
    }

    @Test func aProblemSaysWhatIsWrongAndWhatToDo() throws {
        let server = try ScriptedServer { _, _ in
            .problem(
                422,
                [
                    "detail": "2 problems", "hint": "look again", "request_id": "req_1",
                    "errors": [["pointer": "/seed", "detail": "too \u{1B}[31mred"]],
                ])
        }
        let error = #expect(throws: ClientError.self) { try server.client().get("/") }
        #expect(error?.kind == .refused && error?.exitStatus == 1)
        let expected = """
            2 problems
              /seed: too \\u{1b}[31mred
              hint: look again
              request: req_1
            """
        #expect(error.map { "\($0)" } == expected)
    }

    @Test(arguments: [
        (401, ClientError.Kind.denied, 77), (403, .denied, 77), (404, .notFound, 66),
        (410, .notFound, 66), (409, .refused, 1), (500, .refused, 1), (503, .busy, 69),
    ])
    func everyStatusHasItsExitStatus(
        status: Int, kind: ClientError.Kind, exitStatus: Int
    ) throws {
        let server = try ScriptedServer { _, _ in .problem(status, ["detail": "no"]) }
        let client = try server.client(patienceSeconds: 0)
        let error = #expect(throws: ClientError.self) { try client.get("/") }
        #expect(error?.kind == kind)
        #expect(error.map { Int($0.exitStatus) } == exitStatus)
    }

    @Test func anotherProgramIsTakenForNoServerOfOurs() throws {
        let server = try ScriptedServer { _, number in
            .text("<html>", status: number == 1 ? 404 : 200)
        }
        let lost = #expect(throws: ClientError.self) { try server.client().get("/v1/jobs") }
        #expect(lost?.hint?.contains("--server") == true)
        #expect(throws: ClientError.self) { try server.client().get("/v1/jobs").json() }
    }

    @Test func whereNobodyListensIsSaidAtOnce() throws {
        let address = try ServerAddress("127.0.0.1:1")
        let client = ServerClient(ServerConnection(address: address), patienceSeconds: 600)
        let error = #expect(throws: ClientError.self) { try client.get("/v1/jobs") }
        #expect(error?.kind == .unreachable && error?.exitStatus == 69)
        #expect(error?.message.contains("http://127.0.0.1:1") == true)
        #expect(error?.hint?.contains("spind serve") == true)
    }

    @Test func whatComesAtABadTimeIsRepeatedAsItWas() throws {
        let server = try ScriptedServer { _, number in
            number < 3 ? .problem(503, ["detail": "starting"]) : .json(["id": "job_1"])
        }
        let answer = try server.client().post("/v1/jobs", ["seed": 1], idempotencyKey: "once")
        #expect(try answer.json()["id"]?.string == "job_1")
        #expect(server.requests.map { $0.header("Idempotency-Key") } == ["once", "once", "once"])
        #expect(Set(server.requests.map(\.text)) == [#"{"seed":1}"#])
    }

    @Test func aListIsReadPageByPage() throws {
        let server = try ScriptedServer { request, _ in
            let after = request.query.first { $0.name == "after" }.flatMap { Int($0.value) } ?? 0
            let page = (after + 1)...(after + 2)
            return .json([
                "data": .array(page.map { ["n": .integer($0)] }), "has_more": .bool(after < 4),
                "last_id": .integer(after + 2),
            ])
        }
        let client = try server.client()
        #expect(
            try client.pagedList("/v1/x").compactMap { $0["n"]?.integer } == [1, 2, 3, 4, 5, 6])
        #expect(try client.pagedList("/v1/x", limit: 4).count == 4)
        #expect(server.requests.last?.query.first { $0.name == "limit" }?.value == "2")
    }
}

extension HTTPRequest {
    /// Its body.
    fileprivate var text: String {
        if case .data(let data) = body { String(decoding: data, as: UTF8.self) } else { "" }
    }
}
