import MicroHTTP
import Testing

/// Each trap of libmicrohttpd 0.9.75 that a client can step into, over a raw socket.
@Suite(.timeLimit(.minutes(1)))
struct MalformedRequestTests {
    /// Sends the bytes and another good request behind them; the statuses that come back until the
    /// server closes.
    private func statuses(
        of bytes: String, configure: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> [Int] {
        let server = try HTTPServer.test(configure: configure)
        let client = try RawClient(port: server.port)
        try client.send(bytes)
        var statuses: [Int] = []
        do {
            while true { statuses.append(try client.response().status) }
        } catch RawClient.Failure.closed {
            // Whatever happened, the server lives.
            #expect(try RawClient(port: server.port).get("/").status == 200)
            return statuses
        }
    }

    private static let hidden = "GET /hidden HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host: other\r\n",
    ])
    func anAmbiguousRequestIsRefusedAndEndsTheConnection(fields: String) throws {
        let request = "POST / HTTP/1.1\r\nHost: test\r\n\(fields)\r\n0\r\n\r\n" + Self.hidden
        #expect(try statuses(of: request) == [400])
    }

    @Test(arguments: ["xchunked", "gzip, chunked", "identity", "chunked;q=1"])
    func anUnknownTransferCodingIsNotImplemented(coding: String) throws {
        let request =
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: \(coding)\r\n\r\n0\r\n\r\n"
        #expect(try statuses(of: request + Self.hidden) == [501])
    }

    @Test(arguments: ["5, 5", "+5", "-1", "0x5", "5 5", "abc", "99999999999999999999"])
    func aContentLengthThatIsNoNumberNeverReachesTheHandler(length: String) throws {
        let request = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: \(length)\r\n\r\nhello"
        let answers = try statuses(of: request + Self.hidden)
        // libmicrohttpd sends its own refusal twice; a client sees the first.
        #expect(answers.first == 400 || answers.first == 413)
        #expect(!answers.contains(200))
    }

    @Test(arguments: ["/%00", "/a%00b", "/%2e%2e/x", "/a%2Fb", "/%", "/%ff", "/a/../b", "noslash"])
    func aBadTargetIsRefusedAndTheConnectionCloses(target: String) throws {
        let request = "GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n" + Self.hidden
        #expect(try statuses(of: request) == [400])
    }

    @Test func aNULInTheRequestLineIsRefused() throws {
        let request = "GET /a\0b HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
        #expect(try statuses(of: request).first == 400)
    }

    @Test func aNULInAHeaderNeverGivesSuccess() throws {
        let request = "GET / HTTP/1.1\r\nHost: test\r\nX-A: b\0c\r\nConnection: close\r\n\r\n"
        #expect(try statuses(of: request) != [])
    }

    @Test func aMissingHostIsRefused() throws {
        #expect(try statuses(of: "GET / HTTP/1.1\r\n\r\n").first == 400)
    }

    @Test func blanksBeforeAColonAreRefused() throws {
        #expect(try statuses(of: "GET / HTTP/1.1\r\nHost : test\r\n\r\n").first == 400)
    }

    @Test(arguments: [("GE/T", 400), ("G\u{7F}", 400), ("\"", 400), ("BREW", 200)])
    func aMethodIsAWord(method: String, status: Int) throws {
        let request = "\(method) / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
        #expect(try statuses(of: request) == [status])
    }

    @Test func anOverlongTargetIs414() throws {
        let target = "/" + String(repeating: "a", count: 8 << 10)
        let request = "GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n"
        #expect(try statuses(of: request) == [414])
    }

    @Test(arguments: [100 << 10, 300 << 10])
    func aTargetLargerThanTheServersMemoryIs414(count: Int) throws {
        let request = "GET /\(String(repeating: "a", count: count)) HTTP/1.1\r\nHost: test\r\n\r\n"
        #expect(try statuses(of: request).allSatisfy { $0 == 414 })
    }

    @Test(arguments: [(1, 40 << 10), (400, 100)])
    func tooManyHeaderBytesAre431(count: Int, size: Int) throws {
        let fields = (0..<count).map { "X-\($0): \(String(repeating: "b", count: size))\r\n" }
        let request = "GET / HTTP/1.1\r\nHost: test\r\n\(fields.joined())\r\n"
        #expect(try statuses(of: request) == [431])
    }

    @Test(arguments: [(1, 300 << 10), (20000, 10)])
    func headerFieldsLargerThanTheServersMemoryAreRefused(count: Int, size: Int) throws {
        let fields = (0..<count).map { "X-\($0): \(String(repeating: "b", count: size))\r\n" }
        let request = "GET / HTTP/1.1\r\nHost: test\r\n\(fields.joined())\r\n"
        #expect(try statuses(of: request).allSatisfy { $0 == 431 })
    }

    @Test(arguments: ["zz\r\nhello\r\n", "-1\r\n", "5;x\nhello0\r\n", "FFFFFFFFFFFFFFFFF\r\n"])
    func aBadChunkIsRefused(chunk: String) throws {
        let request = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
        let answers = try statuses(of: request + chunk + "\r\n\r\n" + Self.hidden)
        #expect(!answers.contains(200))
    }

    @Test(arguments: [
        "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: t\r\n\r\n", "GET /\r\n\r\n",
        "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\0\0\r\n\r\n", ":\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n",
        "CONNECT host:443 HTTP/1.1\r\nHost: host\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n",
    ])
    func junkEndsWithoutSuccess(bytes: String) throws {
        let server = try HTTPServer.test { $0.headSeconds = 0.5 }
        let client = try RawClient(port: server.port)
        try client.send(bytes)
        client.closeSendingSide()
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(!answer.hasPrefix("HTTP/1.1 200"))
        #expect(try RawClient(port: server.port).get("/").status == 200)
    }

    /// Seeded, so that a failure can be seen again.
    @Test func randomBytesDoNotHurt() throws {
        // libmicrohttpd does not always see a client that stopped sending; the deadlines do.
        let server = try HTTPServer.test {
            $0.headSeconds = 0.1
            $0.bodyGraceSeconds = 0.1
            $0.idleSeconds = 1
        }
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func random(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let head = "POST /v1/a%20b?x=1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
        let body = "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        let seed = Array((head + body).utf8)
        for _ in 0..<300 {
            var bytes = seed
            for _ in 0...random(below: 6) {
                let place = random(below: bytes.count)
                switch random(below: 3) {
                case 0: bytes[place] = UInt8(random(below: 256))
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place...].prefix(9), at: place)
                }
            }
            let client = try RawClient(port: server.port)
            try client.send(bytes)
            client.closeSendingSide()
            _ = try client.rest()
        }
        #expect(try RawClient(port: server.port).get("/").status == 200)
        #expect(eventually { server.openConnections == 0 })
        #expect(server.requestsInFlight == 0)
    }
}
