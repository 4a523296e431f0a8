/// Numbers as small pictures made of block characters.
public enum Chart {
    private static let heights = Array("▁▂▃▄▅▆▇█")
    private static let widths = Array(" ▏▎▍▌▋▊▉")

    /// One column a value, the lowest at the bottom; what is no number is a gap.
    ///
    /// - Parameter width: of more values than this, each column shows a mean.
    public static func sparkline(_ values: [Double?], width: Int) -> String {
        let columns = means(values, count: width)
        let finite = columns.compactMap(\.self)
        guard let low = finite.min(), let high = finite.max() else { return "" }
        let range = high - low
        return String(
            columns.map { value -> Character in
                guard let value else { return " " }
                // A constant is drawn in the middle.
                let share = range > 0 ? (value - low) / range : 0.5
                return heights[min(heights.count - 1, Int(share * Double(heights.count)))]
            })
    }

    /// - Parameter fraction: from 0 to 1; nil draws an empty bar.
    public static func bar(_ fraction: Double?, width: Int) -> String {
        guard width > 0 else { return "" }
        let share = fraction.map { $0.isFinite ? min(1, max(0, $0)) : 0 } ?? 0
        let eighths = Int(share * Double(width * 8))
        let full = String(repeating: "█", count: eighths / 8)
        let part = eighths / 8 < width ? String(widths[eighths % 8]) : ""
        return full + part + String(repeating: " ", count: max(0, width - eighths / 8 - 1))
    }

    private static func means(_ values: [Double?], count: Int) -> [Double?] {
        let values = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
        guard count > 0 else { return [] }
        guard values.count > count else { return values }
        return (0..<count).map { column in
            let part = values[column * values.count / count..<(column + 1) * values.count / count]
            let finite = part.compactMap(\.self)
            return finite.isEmpty ? nil : finite.reduce(0, +) / Double(finite.count)
        }
    }
}
