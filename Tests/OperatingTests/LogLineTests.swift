import Operating
import SpinDomain
import Testing

struct LogLineTests {
    /// 2026-11-22T22:15:46.000123Z.
    private static let time = Timestamp(microseconds: 1_795_385_746_000_123)

    private static let nasty = "a\nb\r\u{1B}[31m\u{0}\u{202E}\u{2028}\u{85}\"\\é"

    @Test func nothingBreaksALineInTwo() throws {
        let line = LogLine(
            time: Self.time, level: "info", message: Self.nasty,
            fields: [("job", Self.nasty), ("request_id", "r-1")])
        for text in [line.text, line.json] {
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
        }
        #expect(
            line.text
                == #"2026-11-22T22:15:46.000123Z info a\nb\u{d}\u{1b}[31m\u{0}\u{202e}\u{2028}"#
                + #"\u{85}"\é job=a\nb\u{d}\u{1b}[31m\u{0}\u{202e}\u{2028}\u{85}"\é request_id=r-1"#
        )
    }

    @Test func noKeyGetsIntoALine() {
        let secret = String(repeating: "0f", count: 32)
        let text = "GET /v1/spind_0123456789ab_\(secret)/x and spind_ab_c and spind.sqlite"
        let line = LogLine(time: Self.time, level: "info", message: text, fields: [("a", text)])
        for text in [line.text, line.json] {
            #expect(!text.contains("0f0f"))
            #expect(text.contains("/v1/spind_0123456789ab_…/x and spind_ab_c and spind.sqlite"))
        }
    }

    @Test func aJSONLineHoldsTheVeryTexts() throws {
        let line = LogLine(
            time: Self.time, level: "error", message: Self.nasty,
            fields: [("job", Self.nasty), ("level", "forged")])
        let json = try JSONParser.parse(line.json.utf8)
        #expect(json["time"] == "2026-11-22T22:15:46.000123Z")
        #expect(json["level"] == "error")
        #expect(json["message"] == .string(Self.nasty))
        #expect(json["job"] == .string(Self.nasty))
    }
}
