import Exporting
import Testing

/// Bytes as the encoding's specification has them.
struct ProtobufMessageTests {
    @Test func integersTakeSevenBitsAByte() {
        var message = ProtobufMessage()
        message.add(1, integer: 150)
        #expect(message.bytes == [0x08, 0x96, 0x01])
        var negative = ProtobufMessage()
        negative.add(1, integer: -1)
        #expect(negative.bytes == [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
    }

    @Test func textsAndMessagesHaveTheirLengthFirst() {
        var inner = ProtobufMessage()
        inner.add(2, text: "testing")
        #expect(inner.bytes == [0x12, 0x07] + Array("testing".utf8))
        var outer = ProtobufMessage()
        outer.add(3, message: inner)
        #expect(outer.bytes == [0x1A, 0x09] + inner.bytes)
    }

    /// One is 0x3FF0000000000000 and 0x3F800000.
    @Test func numbersAreLittleEndian() {
        var message = ProtobufMessage()
        message.add(1, double: 1)
        message.add(2, float: 1)
        #expect(message.bytes == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x15, 0, 0, 0x80, 0x3F])
    }
}
