import SpinDomain

/// Writes metrics in each of the formats, with the same digits in all of them: the shortest that
/// give the same bits back.
///
/// By hand, since ten thousand rows of twenty-five values are better not made into a tree first.
struct MetricsWriter {
    let columns: [StepMetric]

    func write(_ page: MetricsPage, as format: MetricsQuery.Format) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(page.rows.count * columns.count * 16)
        switch format {
        case .rows: writeRows(page, to: &bytes)
        case .columns: writeColumns(page, to: &bytes)
        case .csv: writeCSV(page, to: &bytes)
        case .ndjson: writeLines(page, to: &bytes)
        }
        return bytes
    }

    private func writeRows(_ page: MetricsPage, to bytes: inout [UInt8]) {
        bytes += "{\"data\":[".utf8
        let keys = self.keys
        for (index, row) in page.rows.enumerated() {
            bytes += (index == 0 ? "\n" : ",\n").utf8
            writeObject(row, keys, to: &bytes)
        }
        bytes += "],".utf8
        writeEnd(page, to: &bytes)
        bytes += "}\n".utf8
    }

    private func writeColumns(_ page: MetricsPage, to bytes: inout [UInt8]) {
        bytes += "{".utf8
        writeColumnData(page, to: &bytes)
        bytes += ",".utf8
        writeEnd(page, to: &bytes)
        bytes += "}\n".utf8
    }

    /// The member `data`: one list a name.
    func writeColumnData(_ page: MetricsPage, to bytes: inout [UInt8]) {
        bytes += "\"data\":{".utf8
        for (index, metric) in columns.enumerated() {
            bytes += "\(index == 0 ? "\n" : ",\n")\"\(metric.rawValue)\":[".utf8
            for (index, row) in page.rows.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += Self.jsonText(metric, row).utf8
            }
            bytes.append(UInt8(ascii: "]"))
        }
        bytes += "}".utf8
    }

    /// One object a line; the last line says where to go on, as `{"end":true,…}`.
    private func writeLines(_ page: MetricsPage, to bytes: inout [UInt8]) {
        let keys = self.keys
        for row in page.rows {
            writeObject(row, keys, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes += "{\"end\":true,".utf8
        writeEnd(page, to: &bytes)
        bytes += "}\n".utf8
    }

    /// RFC 4180; what has no value is empty.
    private func writeCSV(_ page: MetricsPage, to bytes: inout [UInt8]) {
        bytes += (columns.map(\.rawValue).joined(separator: ",") + "\r\n").utf8
        for row in page.rows {
            let fields = columns.map { Self.text($0, row) ?? "" }
            bytes += (fields.joined(separator: ",") + "\r\n").utf8
        }
    }

    /// What stands before each value of an object.
    private var keys: [[UInt8]] {
        columns.enumerated().map { index, metric in
            Array("\(index == 0 ? "{" : ",")\"\(metric.rawValue)\":".utf8)
        }
    }

    private func writeObject(_ row: StepMetrics, _ keys: [[UInt8]], to bytes: inout [UInt8]) {
        for (key, metric) in zip(keys, columns) {
            bytes += key
            bytes += Self.jsonText(metric, row).utf8
        }
        bytes.append(UInt8(ascii: "}"))
    }

    func writeEnd(_ page: MetricsPage, to bytes: inout [UInt8]) {
        let next = page.next.value.map { String($0) } ?? "null"
        bytes += "\"has_more\":\(page.hasMore),\"next\":{\"\(page.next.name)\":\(next)}".utf8
    }

    private static func jsonText(_ metric: StepMetric, _ row: StepMetrics) -> String {
        text(metric, row, isFinite: true) ?? "null"
    }

    /// Nil when the row has no such value, or none that JSON could tell.
    private static func text(
        _ metric: StepMetric, _ row: StepMetrics, isFinite: Bool = false
    ) -> String? {
        guard let value = row[metric], value.isFinite || !isFinite else { return nil }
        if metric.isInteger, let integer = Int(exactly: value) { return integer.description }
        return value.isNaN ? "NaN" : value.description
    }
}
