import Client
import SpinDomain
import Testing

struct EventStreamReaderTests {
    private static let stream =
        "retry: 3000\nid: 4\nevent: open\ndata: {}\n\n: quiet\n\n"
        + "event:job.started\r\nid:5\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata: x\r\rid: 9\n\n"
    private static let events = [
        ServerEvent(name: "open", id: 4, data: "{}"),
        ServerEvent(name: "job.started", id: 5, data: "{\"a\":\n1}"),
        ServerEvent(name: "message", data: "x"),
    ]

    @Test(arguments: [1, 2, 3, 7, 1000])
    func eventsComeOutHoweverTheBytesCome(pieceLength: Int) {
        var reader = EventStreamReader()
        let bytes = Array(Self.stream.utf8)
        var found: [ServerEvent] = []
        for start in stride(from: 0, to: bytes.count, by: pieceLength) {
            found += reader.read(bytes[start..<min(bytes.count, start + pieceLength)])
        }
        #expect(found == Self.events)
    }

    @Test func dataThatIsNoJSONIsNull() {
        #expect(ServerEvent(name: "a", data: "{").json.isNull)
        #expect(ServerEvent(name: "a", data: "[1]").json.array?.count == 1)
    }
}
