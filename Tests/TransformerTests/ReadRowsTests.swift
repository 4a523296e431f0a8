import Testing

import Transformer

@Suite struct ReadRowsTests {
    private let read = ReadRows([4, 1, 2, 4])

    @Test func rowsLieSideBySideInTheirOrder() {
        #expect(read.rows == [1, 2, 4])
        #expect(read.rows.map(read.place) == [0, 1, 2])
    }

    @Test func scatteringBringsRowsBackAndClearsTheOthers() {
        let all: [Float] = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
        var matrix = [Float](repeating: 7, count: all.count)
        read.gather(all, into: &matrix, width: 2)
        #expect(matrix[..<6] == [10, 11, 20, 21, 40, 41])
        read.scatter(&matrix, width: 2, all: 6)
        #expect(matrix == [0, 0, 10, 11, 20, 21, 0, 0, 40, 41, 0, 0])
    }

    @Test func whereAllRowsAreReadNothingMoves() {
        var matrix: [Float] = [1, 2, 3]
        ReadRows(0..<3).scatter(&matrix, width: 1, all: 3)
        #expect(matrix == [1, 2, 3])
    }
}
