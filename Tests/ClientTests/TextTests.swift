import Client
import Testing

struct TextTests {
    @Test func aSparklineShowsTheRange() {
        #expect(Chart.sparkline([0, 1, 2, 3, 4, 5, 6, 7], width: 8) == "▁▂▃▄▅▆▇█")
        #expect(Chart.sparkline([5, 5], width: 8) == "▅▅")
        #expect(Chart.sparkline([0, nil, .nan, 1], width: 8) == "▁  █")
        #expect(Chart.sparkline([], width: 8) == "" && Chart.sparkline([nil], width: 8) == "")
        // Means of pairs: 0.5, 2.5, 4.5, 6.5.
        #expect(Chart.sparkline([0, 1, 2, 3, 4, 5, 6, 7], width: 4) == "▁▃▆█")
        #expect(Chart.sparkline([1, 2], width: 0) == "")
    }

    @Test(arguments: [
        (0.0, "    "), (0.5, "██  "), (1, "████"), (0.53125, "██▏ "), (-1, "    "), (7, "████"),
        (.nan, "    "),
    ])
    func aBarHasItsWidthAtAnyFraction(fraction: Double, text: String) {
        #expect(Chart.bar(fraction, width: 4) == text)
    }

    @Test(arguments: [
        (0.4, "0s"), (59.4, "59s"), (59.5, "1m 00s"), (200, "3m 20s"), (7500, "2h 05m"),
        (273_600, "3d 04h"), (.infinity, "?"), (-1, "?"),
    ])
    func durationsHaveTwoUnits(seconds: Double, text: String) {
        #expect(Quantity.duration(seconds) == text)
    }

    @Test func bytesAndNumbersAreShort() {
        #expect(
            [0, 1023, 1536, 35_651_584].map(Quantity.bytes) == [
                "0 B", "1023 B", "1.5 KiB", "34 MiB",
            ])
        #expect(Quantity.number(0.693147) == "0.6931" && Quantity.number(12) == "12")
        #expect(Quantity.number(5e-7) == "5e-07" && Quantity.number(nil) == "–")
        #expect(Quantity.minute("2026-11-22T22:15:46.1Z") == "2026-11-22 22:15")
    }

    @Test func whatATerminalWouldObeyIsShown() {
        #expect("a\u{1B}[2Jb\r\u{7}".forTerminal == "a\\u{1b}[2Jb\\r\\u{7}")
        #expect("a\nb\tc".forTerminal == "a\\nb\\tc")
        #expect("\u{202E}evil\u{9B}".forTerminal == "\\u{202e}evil\\u{9b}")
        #expect("héllo 👩‍🚀".forTerminal == "héllo 👩‍🚀")
        #expect("a\r\nb\u{1B}".linesForTerminal == ["a", "b\\u{1b}"])
    }

    @Test func columnsAreAligned() {
        var table = TextTable(["N", "NAME", "X"], alignsRight: [0])
        #expect(table.isEmpty)
        table.append(["10", "ä", ""])
        table.append(["7", "long", "y"])
        #expect(table.lines == [" N  NAME  X", "10  ä", " 7  long  y"])
    }
}
