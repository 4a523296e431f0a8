/// Rows with aligned columns.
public struct TextTable {
    private var rows: [[String]]
    private let alignsRight: Set<Int>

    /// - Parameter alignsRight: the columns of numbers.
    public init(_ heads: [String], alignsRight: Set<Int> = []) {
        rows = [heads]
        self.alignsRight = alignsRight
    }

    /// - Parameter cells: as many as there are heads.
    public mutating func append(_ cells: [String]) { rows.append(cells.map(\.forTerminal)) }

    public var isEmpty: Bool { rows.count == 1 }

    public var lines: [String] {
        let columns = rows[0].indices
        let widths = columns.map { column in rows.map { $0[column].columns }.max() ?? 0 }
        return rows.map { row in
            let cells = columns.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].columns)
                return alignsRight.contains(column) ? space + row[column] : row[column] + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
