import MicroHTTP
import SpinDomain

/// An answer that says no, in HTTP's terms.
struct Refusal: Error {
    let status: Int
    /// For programs; stable.
    let code: String
    let detail: String
    var hint: String?
    var headers: [(name: String, value: String)] = []
    /// What is wrong in detail, each with `pointer` and `detail`.
    var errors: [JSONValue] = []

    init(
        status: Int, code: String, _ detail: String, hint: String? = nil,
        headers: [(name: String, value: String)] = [], errors: [JSONValue] = []
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.headers = headers
        self.errors = errors
    }

    static func notFound(_ detail: String, hint: String? = nil) -> Refusal {
        Refusal(status: 404, code: "not_found", detail, hint: hint)
    }

    static func preconditionFailed(_ detail: String) -> Refusal {
        Refusal(status: 412, code: "precondition_failed", detail)
    }

    static func busy(_ detail: String) -> Refusal {
        Refusal(status: 503, code: "unavailable", detail, headers: [("Retry-After", "5")])
    }

    static func unsupportedMediaType(_ sent: String, expected: [String]) -> Refusal {
        let what =
            sent.isEmpty
            ? "the body has no Content-Type" : "a body of type '\(sent)' cannot be read here"
        let types = expected.joined(separator: ", ")
        return Refusal(
            status: 415, code: "unsupported_media_type", what,
            hint: "say what it is, with curl: -H 'Content-Type: \(expected[0])'; "
                + "known here: \(types)",
            headers: [("Accept", types)])
    }

    /// - Parameter isWrongKey: whether the client showed a key that does not count.
    static func unauthorized(_ detail: String, isWrongKey: Bool) -> Refusal {
        Refusal(
            status: 401, code: "unauthorized", detail,
            hint: "send it as: -H 'Authorization: Bearer spind_…'; who has an admin's key makes "
                + "others by POST /v1/keys, who has the machine by spind keys add",
            headers: [
                (
                    "WWW-Authenticate",
                    "Bearer realm=\"spind\"" + (isWrongKey ? ", error=\"invalid_token\"" : "")
                )
            ])
    }

    static func forbidden(needed: AccessScope, has: AccessScope) -> Refusal {
        Refusal(
            status: 403, code: "forbidden",
            "this needs a key with the scope \(needed.rawValue); yours has \(has.rawValue)",
            headers: [
                (
                    "WWW-Authenticate",
                    "Bearer realm=\"spind\", error=\"insufficient_scope\", "
                        + "scope=\"\(needed.rawValue)\""
                )
            ])
    }

    static let misdirected = Refusal(
        status: 421, code: "misdirected",
        "this server does not go by the name in the request's Host field",
        hint: "use localhost or its numeric address, or start it with --allow-host")

    static func tooManyRequests(retryAfterSeconds: Double) -> Refusal {
        let seconds = Int(max(1, retryAfterSeconds.rounded(.up)))
        return Refusal(
            status: 429, code: "too_many_requests", "too many requests at a time",
            hint: "try again in \(seconds) s", headers: [("Retry-After", "\(seconds)")])
    }

    static func tooLarge(maximumBytes: Int) -> Refusal {
        Refusal(
            status: 413, code: "too_large", "the body is larger than \(maximumBytes) bytes")
    }

    /// An error of the domain, as one answer of the closed list.
    init(_ error: SpinError) {
        self.init(
            status: Self.status(error.code), code: error.code.rawValue, error.message,
            hint: error.hint,
            errors: error.problems.map {
                ["pointer": .string($0.pointer), "detail": .string($0.detail)]
            })
    }

    private static func status(_ code: SpinError.Code) -> Int {
        switch code {
        case .malformed: 400
        case .notFound: 404
        case .conflict: 409
        // What a client named, not our server, is at fault.
        case .invalid, .damagedFile, .unsupported, .keyReused: 422
        case .diskFull: 507
        case .inputOutput, .diverged, .internal: 500
        }
    }

    /// RFC 9457, with members of our own: `request_id`, `code`, `hint`, `errors`.
    ///
    /// - Parameter more: further members.
    func response(requestID: String, adding more: JSONObject = [:]) -> HTTPResponse {
        var body: JSONObject = [
            "type": .string("urn:spind:problem:\(code)"), "title": .string(title),
            "status": .integer(status), "detail": .string(detail),
            "instance": .string("urn:spind:request:\(requestID)"),
            "request_id": .string(requestID), "code": .string(code),
        ]
        if let hint { body["hint"] = .string(hint) }
        if !errors.isEmpty { body["errors"] = .array(errors) }
        for (key, value) in more.members { body[key] = value }
        return .json(
            .object(body), status: status, contentType: "application/problem+json",
            headers: headers)
    }

    private var title: String {
        switch status {
        case 400: "The request cannot be read"
        case 401: "A key is needed"
        case 403: "Not allowed"
        case 404: "Not found"
        case 405: "Method not allowed"
        case 406: "Not acceptable"
        case 409: "The present state forbids it"
        case 410: "Gone"
        case 412: "It has changed in the meantime"
        case 413: "The body is too large"
        case 414: "The target is too long"
        case 415: "Unsupported media type"
        case 416: "No such range"
        case 421: "Another server is meant"
        case 422: "The request is not valid"
        case 429: "Too many requests"
        case 431: "The header is too large"
        case 501: "Not implemented"
        case 503: "Not available now"
        case 507: "The disk is full"
        default: status < 500 ? "The request is refused" : "The server failed"
        }
    }
}
