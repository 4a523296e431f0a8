/// The rows of a pass whose output is read; of the others the last layer needs only keys and values.
package struct ReadRows {
    /// Ascending.
    package let rows: [Int]
    private let places: [Int: Int]

    /// - Parameter rows: in any order, repetitions allowed.
    package init(_ rows: some Sequence<Int>) {
        self.rows = Set(rows).sorted()
        places = Dictionary(uniqueKeysWithValues: self.rows.enumerated().map { ($1, $0) })
    }

    package var count: Int { rows.count }

    /// Where a row is once those that are read lie side by side.
    package func place(of row: Int) -> Int {
        guard let place = places[row] else {
            preconditionFailure("ReadRows: row \(row) is none of the \(count) that can be read")
        }
        return place
    }

    package func placed(_ targets: [ScoredTarget]) -> [ScoredTarget] {
        targets.map { ScoredTarget(row: place(of: $0.row), token: $0.token) }
    }

    /// target`[count, width]` = the rows of `source`, side by side.
    package func gather(
        _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, width: Int
    ) {
        for (place, row) in rows.enumerated() {
            (target + place * width).update(from: source + row * width, count: width)
        }
    }

    /// From side by side back to where the rows were among `all`, in place; the others become zero.
    package func scatter(_ matrix: UnsafeMutablePointer<Float>, width: Int, all: Int) {
        var end = all
        // Backwards, since no row moves to the front.
        for (place, row) in rows.enumerated().reversed() {
            (matrix + row * width).update(from: matrix + place * width, count: width)
            (matrix + (row + 1) * width).update(repeating: 0, count: (end - row - 1) * width)
            end = row
        }
        matrix.update(repeating: 0, count: end * width)
    }
}
