import MicroHTTP
import SpinDomain

// Who may come in; changes count from the next request on, without a restart.

extension Service {
    func addKey(_ call: Call) throws -> HTTPResponse {
        let (key, text) = try keys.issue(KeyRequest(json: try call.requiredDocument()))
        guard var body = key.json.object else { return .noContent }
        body["key"] = .string(text)
        body["note"] = .string(
            "the key is shown only now; send it as: Authorization: Bearer \(text)")
        return .json(
            .object(body), status: 201,
            headers: [("Location", Link.key(key.id)), ("Cache-Control", "no-store")])
    }

    func listKeys(_ call: Call) throws -> HTTPResponse {
        ListAnswer(keys.keys, id: { .string($0.id) }, json: \.json).response
    }

    func showKey(_ call: Call) throws -> HTTPResponse {
        .json(try keys.key(call.parameter("key")).json)
    }

    func revokeKey(_ call: Call) throws -> HTTPResponse {
        try keys.revoke(call.parameter("key"), keepsAnAdmin: true)
        return .noContent
    }
}
