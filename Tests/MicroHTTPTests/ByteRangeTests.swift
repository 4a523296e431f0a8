import MicroHTTP
import Testing

struct ByteRangeTests {
    @Test(arguments: [
        ("bytes=0-0", 0..<1 as Range<Int64>),
        ("bytes=0-9", 0..<10),
        ("bytes=2-", 2..<10),
        ("bytes=9-9", 9..<10),
        ("bytes=5-1000", 5..<10),
        ("bytes=-3", 7..<10),
        ("bytes=-1000", 0..<10),
        ("bytes=-99999999999999999999", 0..<10),
        ("bytes=1-99999999999999999999", 1..<10),
        ("BYTES= 1-2 ", 1..<3),
    ])
    func oneRangeGivesAPartOfTenBytes(header: String, part: Range<Int64>) {
        #expect(ByteRange.parse(header, size: 10) == .part(part))
    }

    @Test(arguments: ["bytes=10-", "bytes=10-20", "bytes=99999999999999999999-", "bytes=-0"])
    func aRangeBeyondTheEndIsUnsatisfiable(header: String) {
        #expect(ByteRange.parse(header, size: 10) == .unsatisfiable)
    }

    @Test(arguments: [
        nil, "", "bytes", "bytes=", "bytes=-", "bytes=3-2", "bytes=a-b", "bytes=0x1-2",
        "bytes=+1-2", "bytes=1-2-3", "bytes=0-1,3-4", "lines=0-1", "bytes=１-２",
    ])
    func whatIsNotOneRangeIsIgnored(header: String?) {
        #expect(ByteRange.parse(header, size: 10) == .whole)
    }

    @Test func nothingOfAnEmptyFileCanBeHad() {
        #expect(ByteRange.parse("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange.parse("bytes=-1", size: 0) == .unsatisfiable)
    }

    @Test(arguments: [
        ("\"a\"", "\"a\"", true), ("\"b\"", "\"a\"", false), ("W/\"a\"", "W/\"a\"", false),
        ("Tue, 01 Jan 2030 00:00:00 GMT", "\"a\"", false), ("\"a\"", nil, false),
    ])
    func ifRangeNeedsTheSameStrongTag(ifRange: String, tag: String?, counts: Bool) {
        let range = ByteRange.parse("bytes=1-2", ifRange: ifRange, entityTag: tag, size: 10)
        #expect(range == (counts ? .part(1..<3) : .whole))
    }
}
