import Client
import MicroHTTP
import SpinDomain
import Testing

@Suite(.timeLimit(.minutes(1)))
struct JobReferenceTests {
    private static let names = [
        ("job_aa11", "first"), ("job_ab22", "twice"), ("job_cc33", "twice"), ("job_dd44", "job_ab"),
    ]

    private func client() throws -> (ScriptedServer, ServerClient) {
        let jobs = Self.names.map { id, name -> JSONValue in
            ["id": .string(id), "name": .string(name), "status": "running"]
        }
        let server = try ScriptedServer { request, _ in
            if request.path == "/v1/jobs" { return .json(["data": .array(jobs)]) }
            return jobs.first { "/v1/jobs/" + ($0["id"]?.string ?? "") == request.path }
                .map { .json($0) } ?? .problem(404, ["detail": "no job", "request_id": "r"])
        }
        return (server, try server.client())
    }

    @Test(arguments: [
        ("job_aa11", "job_aa11"), ("first", "job_aa11"), ("job_c", "job_cc33"), ("cc", "job_cc33"),
        ("job_ab", "job_dd44"), ("ab", "job_ab22"),
    ])
    func aJobIsFoundByIDNameOrBeginning(reference: String, id: String) throws {
        let (server, client) = try client()
        try withExtendedLifetime(server) {
            let found = try client.job(reference).id
            #expect(found == id)
        }
    }

    @Test(arguments: ["twice", "job_", "a"])
    func severalAreNotGuessedAmong(reference: String) throws {
        let (server, client) = try client()
        let error = #expect(throws: ClientError.self) { try client.job(reference) }
        #expect(error?.kind == .refused && error?.hint?.contains("job_ab22") == true)
        withExtendedLifetime(server) {}
    }

    @Test func anUnknownOneMakesASuggestion() throws {
        let (server, client) = try client()
        let error = #expect(throws: ClientError.self) { try client.job("frist") }
        #expect(error?.kind == .notFound && error?.message.contains("'first'") == true)
        #expect(throws: ClientError.self) { try client.job("") }
        withExtendedLifetime(server) {}
    }
}
