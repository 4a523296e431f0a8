import SpinDomain

/// Writes buckets in each of the formats; by hand for the reason that `MetricsWriter` gives.
struct BucketsWriter {
    /// Ends of the bucket's steps, the second exclusive, and what the values within came to.
    static let fields = [
        "x0", "x1", "n", "min", "max", "mean", "last", "argmin", "argmax", "nonfinite",
    ]

    func write(_ page: BucketsPage, as format: MetricsQuery.Format) -> [UInt8] {
        var bytes: [UInt8] = []
        switch format {
        case .columns:
            bytes += "{".utf8
            writeColumns(page, to: &bytes)
            bytes += ",".utf8
            writeEnd(page, to: &bytes)
            bytes += "}\n".utf8
        case .rows:
            bytes += "{\"data\":[".utf8
            writeRows(page, separator: ",", to: &bytes)
            bytes += "],".utf8
            writeEnd(page, to: &bytes)
            bytes += "}\n".utf8
        case .ndjson:
            writeRows(page, separator: "", to: &bytes)
            bytes += "{\"end\":true,".utf8
            writeEnd(page, to: &bytes)
            bytes += "}\n".utf8
        case .csv: writeCSV(page, to: &bytes)
        }
        return bytes
    }

    /// The member `data`: for each name an object of columns.
    func writeColumns(_ page: BucketsPage, to bytes: inout [UInt8]) {
        bytes += "\"data\":{".utf8
        for (index, name) in page.names.enumerated() {
            bytes += "\(index == 0 ? "\n" : ",\n")\"\(name)\":{".utf8
            let rows = page.buckets[index].map { Self.texts($0, exponent: page.exponent) }
            for (place, field) in Self.fields.enumerated() {
                bytes += "\(place == 0 ? "" : ",")\"\(field)\":[".utf8
                bytes += rows.lazy.map { $0[place] ?? "null" }.joined(separator: ",").utf8
                bytes += "]".utf8
            }
            bytes += "}".utf8
        }
        bytes += "}".utf8
    }

    func writeEnd(_ page: BucketsPage, to bytes: inout [UInt8]) {
        bytes += "\"width\":\(1 << page.exponent)".utf8
    }

    private func writeRows(_ page: BucketsPage, separator: String, to bytes: inout [UInt8]) {
        var isFirst = true
        for (name, buckets) in zip(page.names, page.buckets) {
            for bucket in buckets {
                bytes += "\(isFirst ? "" : separator + "\n"){\"name\":\"\(name)\"".utf8
                let texts = Self.texts(bucket, exponent: page.exponent)
                for (field, text) in zip(Self.fields, texts) {
                    bytes += ",\"\(field)\":\(text ?? "null")".utf8
                }
                bytes += "}".utf8
                isFirst = false
            }
        }
        if !isFirst { bytes += "\n".utf8 }
    }

    private func writeCSV(_ page: BucketsPage, to bytes: inout [UInt8]) {
        bytes += ("name," + Self.fields.joined(separator: ",") + "\r\n").utf8
        for (name, buckets) in zip(page.names, page.buckets) {
            for bucket in buckets {
                let texts = Self.texts(bucket, exponent: page.exponent).map { $0 ?? "" }
                bytes += (name + "," + texts.joined(separator: ",") + "\r\n").utf8
            }
        }
    }

    /// In the order of `fields`; nil for what a bucket without a finite value does not have.
    private static func texts(_ bucket: MetricBucket, exponent: Int) -> [String?] {
        func finite(_ text: @autoclosure () -> String?) -> String? {
            bucket.hasFinite ? text() : nil
        }
        // The last bucket there can be ends beyond what an Int holds.
        let end = (bucket.index + 1).multipliedReportingOverflow(by: 1 << exponent)
        return [
            "\(bucket.index << exponent)", "\(end.overflow ? Int.max : end.partialValue)",
            "\(bucket.count)", finite(bucket.minimum.description),
            finite(bucket.maximum.description), finite(bucket.mean?.description),
            finite(bucket.last.description), finite("\(bucket.minimumStep)"),
            finite("\(bucket.maximumStep)"), "\(bucket.nonfinite)",
        ]
    }
}
