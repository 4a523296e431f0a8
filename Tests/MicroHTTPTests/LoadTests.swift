import Dispatch
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LoadTests {
    @Test func aThousandRequestsOnOneConnection() throws {
        let server = try HTTPServer.test()
        let client = try RawClient(port: server.port)
        for index in 0..<1000 {
            #expect(try client.get("/\(index)").text == "hello from /\(index)")
        }
        #expect(server.openConnections == 1)
    }

    @Test func aThousandConnectionsOneAfterAnother() throws {
        let server = try HTTPServer.test()
        for _ in 0..<1000 {
            #expect(try RawClient(port: server.port).get("/").status == 200)
        }
        #expect(eventually { server.openConnections == 0 })
    }

    @Test func sixtyFourClientsAtOnce() throws {
        let server = try HTTPServer.test()
        let failures = Shared(0)
        DispatchQueue.concurrentPerform(iterations: 64) { index in
            do {
                let client = try RawClient(port: server.port)
                for round in 0..<50 {
                    let path = "/\(index)/\(round)"
                    guard try client.get(path).text == "hello from \(path)" else {
                        throw RawClient.Failure.notHTTP(path)
                    }
                }
            } catch {
                failures.update { $0 += 1 }
            }
        }
        #expect(failures.value == 0)
        #expect(eventually { server.openConnections == 0 && server.requestsInFlight == 0 })
    }

    @Test func connectionsOverTheLimitWaitForTheirTurn() throws {
        let server = try HTTPServer.test { $0.maximumConnections = 4 }
        var clients = try (0..<20).map { _ in try RawClient(port: server.port) }
        for client in clients {
            try client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        }
        for client in clients { #expect(try client.response().status == 200) }
        clients = []
        #expect(eventually { server.openConnections == 0 })
    }
}
