import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ConnectionLimitTests {
    @Test func anAddressHoldsOnlySoManyConnections() throws {
        let server = try HTTPServer.test { $0.maximumConnectionsPerAddress = 2 }
        let first = try RawClient(port: server.port)
        var second: RawClient? = try RawClient(port: server.port)
        #expect(try first.get("/").status == 200)
        #expect(try second?.get("/").status == 200)
        let third = try RawClient(port: server.port)
        #expect(try third.rest().isEmpty)
        // The others go on, and a place that is given back can be taken.
        #expect(try first.get("/").status == 200)
        second = nil
        #expect(eventually { (try? RawClient(port: server.port).get("/"))?.status == 200 })
        #expect(try first.get("/").status == 200)
    }
}
