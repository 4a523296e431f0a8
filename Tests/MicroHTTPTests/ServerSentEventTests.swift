import MicroHTTP
import Testing

struct ServerSentEventTests {
    private func text(_ event: ServerSentEvent) -> String {
        String(decoding: event.encoded, as: UTF8.self)
    }

    @Test func everyFieldHasItsLine() {
        let event = ServerSentEvent(data: "{}", name: "step", id: "7", retryMilliseconds: 3000)
        #expect(text(event) == "retry: 3000\nid: 7\nevent: step\ndata: {}\n\n")
    }

    @Test func dataOfSeveralLinesIsSplitAtEachKindOfBreak() {
        let expected = "data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n"
        #expect(text(ServerSentEvent(data: "a\nb\r\nc\r\rd")) == expected)
    }

    @Test func otherFieldsCannotForgeLines() {
        let event = ServerSentEvent(data: "", name: "x\r\ndata: y", id: "1\n2\r3\0")
        #expect(text(event) == "id: 123\nevent: xdata: y\ndata: \n\n")
    }
}
