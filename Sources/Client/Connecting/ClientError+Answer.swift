import SpinDomain

extension ClientError {
    /// What an answer with an error's status says: RFC 9457, or anything else from anybody between.
    init(_ answer: Answer, from address: ServerAddress) {
        let problem = try? JSONParser.parse(answer.body)
        let errors = problem?["errors"]?.array ?? []
        let status = answer.status
        let detail = problem?["detail"]?.string ?? "\(address) answers \(status)"
        self.init(
            Self.kind(status), detail, hint: Self.hint(status, problem),
            problems: errors.map {
                .init(pointer: $0["pointer"]?.string ?? "", detail: $0["detail"]?.string ?? "")
            },
            requestID: problem?["request_id"]?.string ?? answer.header("X-Request-Id"))
    }

    private static func kind(_ status: Int) -> Kind {
        switch status {
        case 401, 403: .denied
        case 404, 410: .notFound
        case 429, 502, 503, 504: .busy
        default: .refused
        }
    }

    private static func hint(_ status: Int, _ problem: JSONValue?) -> String? {
        switch status {
        case 401: "put a key into a file and say --key-file FILE, or set SPIND_KEY"
        case 403: "another key is needed: --key-file FILE, or SPIND_KEY"
        // Whatever answers there, it is not spind.
        case _ where problem?["type"] == nil: "is this a server of spind? Say which by --server"
        default: problem?["hint"]?.string
        }
    }
}
