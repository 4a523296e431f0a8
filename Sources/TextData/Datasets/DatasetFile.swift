public import Foundation
public import SpinDomain

/// A data set as JSON lines: one row a line, in any of the forms of `DatasetForm`.
public struct DatasetFile: Sendable {
    /// A usable row and where it stands.
    public struct NumberedRow: Sendable, Equatable {
        /// 1-based line of the file.
        public let line: Int
        public let row: DatasetRow

        public init(line: Int, row: DatasetRow) {
            self.line = line
            self.row = row
        }
    }

    public let url: URL

    public init(_ url: URL) {
        self.url = url
    }

    /// Checks every line, without keeping any.
    ///
    /// - Throws: `notFound` or `inputOutput` for the file; bad lines are in the report.
    public func inspect() throws -> DatasetReport {
        try forEachRow { _ in }
    }

    /// All usable rows in the order of the file; rows with an empty response are left out.
    ///
    /// - Throws: `invalid` with all bad lines, `notFound` or `inputOutput` for the file.
    public func rows() throws -> [NumberedRow] {
        var rows: [NumberedRow] = []
        let report = try forEachRow { rows.append($0) }
        if let error = report.error(for: url.lastPathComponent) { throw error }
        return rows
    }

    /// Calls the body with every usable row, and reports on the others.
    ///
    /// - Throws: `notFound` or `inputOutput` for the file, and what the body throws.
    @discardableResult
    public func forEachRow(_ body: (NumberedRow) throws -> Void) throws -> DatasetReport {
        var report = DatasetReport()
        var seen: Set<RowFingerprint> = []
        var number = 0
        try LineReader(url).forEachLine { line in
            number += 1
            guard let line else {
                report.add(
                    RowProblem("longer than \(LineReader.longestLine >> 20) MiB"), line: number)
                return
            }
            report.bytes += line.count + 1
            let text = number == 1 ? Self.withoutByteOrderMark(line) : line
            guard text.contains(where: { !Self.isBlank($0) }) else {
                report.blankLines += 1
                return
            }
            guard let (form, row) = report.read(text, line: number) else { return }
            report.add(form)
            if !seen.insert(RowFingerprint(row)).inserted { report.duplicates += 1 }
            try body(NumberedRow(line: number, row: row))
        }
        return report
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    private static func withoutByteOrderMark(
        _ line: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8> {
        line.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeBufferPointer(rebasing: line[3...]) : line
    }
}

extension DatasetReport {
    /// The refusal of a file with bad lines, or without any row; nil when it can be used.
    public func error(for name: String) -> SpinError? {
        if isUsable { return nil }
        guard problemCount > 0 else {
            return SpinError(
                .invalid, "data set \(name) has no usable row",
                hint: emptyResponses > 0 ? "all \(emptyResponses) responses are empty" : nil)
        }
        let lines = problemCount == 1 ? "1 bad line" : "\(problemCount) bad lines"
        return SpinError(
            .invalid, "data set \(name) has \(lines)",
            hint: problemCount > problems.count ? "the first \(problems.count) are named" : nil,
            problems: problems.map {
                SpinError.FieldProblem(pointer: "/line/\($0.line)", detail: $0.reason)
            })
    }
}

/// 128 bits of a row's contents: equal for equal rows, and for others hardly ever.
private struct RowFingerprint: Hashable {
    private let first: Int
    private let second: Int

    init(_ row: DatasetRow) {
        var hashers = (Hasher(), Hasher())
        hashers.1.combine(1)
        func add(_ text: String) {
            hashers.0.combine(Spelling(text))
            hashers.1.combine(Spelling(text))
        }
        switch row {
        case .text(let prompt, let response):
            for message in prompt.asMessages {
                add(message.role)
                add(message.content)
            }
            add(response)
        case .ids(let prompt, let response):
            for ids in [prompt, response] {
                hashers.0.combine(ids)
                hashers.1.combine(ids)
            }
        }
        first = hashers.0.finalize()
        second = hashers.1.finalize()
    }
}
