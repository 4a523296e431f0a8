import Testing
import Transformer

@Suite struct PackedRowsTests {
    @Test func positionsRestartAfterThePrefix() {
        var rows = PackedRows()
        rows.append([9])
        let prompt = rows.append([1, 2, 3])
        let actual = rows.append([4, 5], after: prompt)
        let generated = rows.append([6, 7, 8], after: prompt)
        #expect(prompt == 1..<4)
        #expect(actual == 4..<6)
        #expect(generated == 6..<9)
        #expect(rows.tokens == [9, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(rows.positions == [0, 0, 1, 2, 3, 4, 3, 4, 5])
    }

    @Test func positionsBeginAfterSharedTokens() {
        var rows = PackedRows(afterShared: 10)
        let prompt = rows.append([1, 2])
        rows.append([3], after: prompt)
        #expect(rows.positions == [10, 11, 12])
        #expect(rows.count == 3)
    }

    @Test func aPrefixMayBeTheLeadingRowsOfASegment() {
        var rows = PackedRows()
        rows.append([1, 2, 3])
        rows.append([4, 5], after: 0..<2)
        #expect(rows.positions == [0, 1, 2, 2, 3])
    }
}
