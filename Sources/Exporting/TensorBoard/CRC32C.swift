/// Castagnoli's cyclic redundancy check, reflected, as iSCSI and TFRecord files use it.
package enum CRC32C {
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The remainder of each byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in
            rest & 1 == 1 ? rest >> 1 ^ polynomial : rest >> 1
        }
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { rest, byte in
            rest >> 8 ^ table[Int((rest ^ UInt32(byte)) & 0xFF)]
        }
    }

    /// A checksum of data that holds checksums is better not one itself: TFRecord turns and shifts.
    package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
