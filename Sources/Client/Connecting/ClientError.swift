public import SpinDomain

/// Why a server did not do what was asked, in words for people and an exit status for scripts.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Nobody listens there.
        case unreachable
        /// The connection ended before the answer did.
        case lost
        /// The server has too much to do, or starts or stops.
        case busy
        /// A key is missing, or does not allow it.
        case denied
        case notFound
        /// The server said no.
        case refused
    }

    public let kind: Kind
    public let message: String
    public let hint: String?
    /// Every bad field of a document.
    public let problems: [SpinError.FieldProblem]
    /// By which the server's log knows the request.
    public let requestID: String?

    public init(
        _ kind: Kind, _ message: String, hint: String? = nil,
        problems: [SpinError.FieldProblem] = [], requestID: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.problems = problems
        self.requestID = requestID
    }

    /// As sysexits.h names them: 66 no input, 69 unavailable, 77 no permission.
    public var exitStatus: Int32 {
        switch kind {
        case .unreachable, .lost, .busy: 69
        case .denied: 77
        case .notFound: 66
        case .refused: 1
        }
    }

    /// Whether the same request may succeed in a moment.
    var isPassing: Bool { [.unreachable, .lost, .busy].contains(kind) }

    public var description: String {
        let fields = problems.map { problem in
            let place = problem.pointer.isEmpty ? "/" : problem.pointer
            return "\n  " + "\(place): \(problem.detail)".forTerminal
        }
        let hint = hint.map { "\n  hint: " + $0.forTerminal } ?? ""
        let request = requestID.map { "\n  request: " + $0.forTerminal } ?? ""
        return message.forTerminal + fields.joined() + hint + request
    }
}
