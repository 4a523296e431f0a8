import Exporting
import Testing

struct CRC32CTests {
    /// The check value of the catalogue of parametrised algorithms, and a vector of RFC 3720, B.4.
    @Test func checksumsAreThoseOfTheStandard() {
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([]) == 0)
    }

    /// 0xE3069283 turned right by 15 bits is 0x2507C60D; 0xA282EAD8 is added.
    @Test func aMaskedChecksumIsTurnedAndShifted() {
        #expect(CRC32C.masked("123456789".utf8) == 0xC78A_B0E5)
    }
}
