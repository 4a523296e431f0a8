/// The one error type of the project: a code for programs, a message and a hint for people.
public struct SpinError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is; `API` maps each to one HTTP status.
    public enum Code: String, Sendable, Codable {
        /// The text cannot be read as JSON, YAML, a query … at all.
        case malformed
        /// Well-formed, but a value is not allowed.
        case invalid
        case notFound = "not_found"
        /// The state of the thing forbids what was asked.
        case conflict
        /// An idempotency key came with another request before.
        case keyReused = "idempotency_key_reused"
        /// A model file, data set or checkpoint is damaged or lies about its contents.
        case damagedFile = "damaged_file"
        /// Correct, but not something this program can do.
        case unsupported
        /// The operating system refused (permissions, missing folder, network).
        case inputOutput = "input_output"
        case diskFull = "disk_full"
        /// Loss or gradient stopped being finite, or another failure of the run itself.
        case diverged
        /// Our own fault.
        case `internal`
    }

    /// One thing wrong with one field of a document.
    public struct FieldProblem: Error, Sendable, Equatable, Codable {
        /// JSON pointer (RFC 6901) of the field.
        public let pointer: String
        public let detail: String

        public init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    public let code: Code
    /// What is wrong and where, as one sentence.
    public let message: String
    /// What the reader can do about it.
    public let hint: String?
    /// Every bad field at once, for documents.
    public let problems: [FieldProblem]

    public init(
        _ code: Code, _ message: String, hint: String? = nil, problems: [FieldProblem] = []
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.problems = problems
    }

    public var description: String {
        let fields = problems.map { "\n  \($0.pointer): \($0.detail)" }.joined()
        return message + (hint.map { " (\($0))" } ?? "") + fields
    }
}

extension SpinError {
    public static func damaged(_ file: String, _ what: String) -> SpinError {
        SpinError(
            .damagedFile, "\(file): \(what)",
            hint: "the file is damaged or cut short; fetch it again")
    }

    public static func notFound(_ kind: String, _ name: String, hint: String? = nil) -> SpinError {
        SpinError(.notFound, "no \(kind) named '\(name)'", hint: hint)
    }

    /// - Parameter problems: at least one.
    public static func invalid(
        _ what: String, problems: [FieldProblem], hint: String? = nil
    ) -> SpinError {
        let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
        return SpinError(.invalid, "\(what) is not valid: \(count)", hint: hint, problems: problems)
    }
}
