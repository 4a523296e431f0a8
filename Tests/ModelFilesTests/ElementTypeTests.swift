import ModelFiles
import Testing

@Suite struct ElementTypeTests {
    /// blocks.gguf has, for every kind, random bits under ordinary and odd scales (zeros of both
    /// signs, subnormal halves, the largest halves) and what the gguf package makes of them.
    @Test(arguments: ElementType.allCases)
    func decodesToTheBitsOfTheGGUFPackage(_ type: ElementType) throws {
        let file = try GGUFFile(try Fixture.url("blocks.gguf"))
        let tensor = try #require(file[type.rawValue])
        let expected = try #require(file["expected." + type.rawValue])

        let decoded = try tensor.floats()

        #expect(try tensor.elementType() == type)
        #expect(decoded.map(\.bitPattern) == (try expected.floats()).map(\.bitPattern))
    }

    @Test func readsAnyRowAlone() throws {
        let file = try GGUFFile(try Fixture.url("blocks.gguf"))
        for type in ElementType.allCases {
            let tensor = try #require(file[type.rawValue])
            var row = [Float](repeating: 0, count: tensor.rowCount)
            try row.withUnsafeMutableBufferPointer {
                try tensor.read(rows: 1..<2, into: try #require($0.baseAddress))
            }
            #expect(row == Array(try tensor.floats().suffix(tensor.rowCount)))
        }
    }

    @Test func everyFiniteHalfIsExact() {
        let bits = (UInt16.min...UInt16.max).filter { Float16(bitPattern: $0).isFinite }
        var decoded = [Float](repeating: 0, count: bits.count)
        bits.withUnsafeBytes { bytes in
            decoded.withUnsafeMutableBufferPointer { target in
                guard let source = bytes.baseAddress, let start = target.baseAddress else { return }
                ElementType.float16.decode(source, blocks: bits.count, into: start)
            }
        }
        #expect(bits.count == 65_536 - 2 * 1024)
        #expect(
            decoded.map(\.bitPattern) == bits.map { Float(Float16(bitPattern: $0)).bitPattern })
    }

    @Test func specialHalvesStaySpecial() {
        var decoded = [Float](repeating: 0, count: 4)
        let bits: [UInt16] = [0x7C00, 0xFC00, 0x7E00, 0x7C01]
        bits.withUnsafeBytes { bytes in
            decoded.withUnsafeMutableBufferPointer { target in
                guard let source = bytes.baseAddress, let start = target.baseAddress else { return }
                ElementType.float16.decode(source, blocks: bits.count, into: start)
            }
        }
        #expect(decoded[0] == .infinity && decoded[1] == -.infinity)
        #expect(decoded[2].isNaN && decoded[3].isNaN)
    }
}
