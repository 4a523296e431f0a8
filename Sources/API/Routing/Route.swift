import MicroHTTP
package import SpinDomain

/// One line of the contract: method, path, what it takes, who answers.
package struct Route: Sendable {
    /// What a request to the route may carry.
    package enum Body: Sendable, Equatable {
        case none
        /// A small JSON or YAML document.
        case document
        /// JSON Lines, kept in a file.
        case rows
    }

    /// On which thread the route is answered.
    package enum Pace: Sendable {
        /// On the connection's own.
        case quick
        /// On another one: it reads whole files, while other clients wait for the connection's.
        case slow
    }

    /// Answers a call; refusals are thrown.
    typealias Handler = @Sendable (Service) -> (Call) throws -> HTTPResponse

    package let method: String
    /// As openapi.yaml writes it: `/v1/jobs/{job}`.
    package let pattern: String
    /// Method and pattern, as `GET /v1/jobs/{job}`.
    package let name: String
    package let body: Body
    package let pace: Pace
    /// The names that the query may have.
    package let query: [String]
    /// Whether its answers are made of what is stored alone.
    let isOfStore: Bool
    /// What a key must allow; nil for routes that are open to everybody.
    package let scope: AccessScope?
    let handler: Handler
    private let segments: [Segment]

    /// Who may use a route.
    enum Access {
        /// Reading takes the scope `read`, everything else `submit`.
        case usual
        case only(AccessScope)
        /// Without a key: the route tells nothing of what anybody does here.
        case everybody
    }

    private enum Segment: Sendable {
        case fixed(String)
        case parameter(String)
    }

    init(
        _ method: String, _ pattern: String, body: Body = .none, pace: Pace = .quick,
        query: [String] = [], isOfStore: Bool = false, for access: Access = .usual,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        name = "\(method) \(pattern)"
        self.body = body
        self.pace = pace
        self.query = query
        self.isOfStore = isOfStore
        self.handler = handler
        scope =
            switch access {
            case .usual: method == "GET" ? .read : .submit
            case .only(let scope): scope
            case .everybody: nil
            }
        segments = pattern.split(separator: "/").map {
            $0.hasPrefix("{") ? .parameter(String($0.dropFirst().dropLast())) : .fixed(String($0))
        }
    }

    /// The parameters of a path that has the form of the pattern, else nil.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, text) in zip(segments, path) {
            switch segment {
            case .fixed(let expected): if text != expected { return nil }
            case .parameter(let name):
                if text.isEmpty { return nil }
                parameters[name] = text
            }
        }
        return parameters
    }
}
