/// What a look at every line of a data set has found.
public struct DatasetReport: Sendable, Codable, Equatable {
    /// A line that is not a row.
    public struct LineProblem: Sendable, Codable, Equatable {
        /// 1-based, as editors count.
        public let line: Int
        public let reason: String
    }

    /// How many problems are kept with their reasons.
    public static let keptProblems = 100

    /// Usable rows: well formed, with a response.
    public internal(set) var rows = 0
    /// Usable rows by `DatasetForm`.
    public internal(set) var forms: [String: Int] = [:]
    /// The first problems, in the order of the file.
    public internal(set) var problems: [LineProblem] = []
    public internal(set) var problemCount = 0
    /// Rows that repeat an earlier one; they are kept.
    public internal(set) var duplicates = 0
    /// Well-formed rows with an empty response; they are left out.
    public internal(set) var emptyResponses = 0
    /// The line of the first of them.
    public internal(set) var firstEmptyResponse: Int?
    public internal(set) var blankLines = 0
    public internal(set) var bytes = 0

    /// Whether every line is a row and there is at least one to train on.
    public var isUsable: Bool { problemCount == 0 && rows > 0 }
}

extension DatasetReport {
    /// Reads one line; nil, and an entry here, when it is no usable row.
    mutating func read(
        _ text: UnsafeBufferPointer<UInt8>, line: Int
    ) -> (form: DatasetForm, row: DatasetRow)? {
        do throws(RowProblem) {
            let found = try DatasetForm.read(text)
            guard found.row.hasEmptyResponse else { return found }
            emptyResponses += 1
            firstEmptyResponse = firstEmptyResponse ?? line
        } catch {
            add(error, line: line)
        }
        return nil
    }

    mutating func add(_ problem: RowProblem, line: Int) {
        problemCount += 1
        if problems.count < Self.keptProblems {
            problems.append(LineProblem(line: line, reason: problem.reason))
        }
    }

    mutating func add(_ form: DatasetForm) {
        rows += 1
        forms[form.rawValue, default: 0] += 1
    }
}
