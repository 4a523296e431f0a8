import SpinDomain
import Testing

/// An answer as a client sees it.
struct Answer {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue {
        get throws { try JSONParser.parse(body) }
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The member of a problem, after a check that the answer is a whole one.
    func problem(_ status: Int, _ code: String) throws -> JSONValue {
        #expect(self.status == status)
        #expect(header("Content-Type") == "application/problem+json")
        let json = try json
        #expect(json["status"] == .integer(status))
        #expect(json["code"] == .string(code))
        #expect(json["type"] == .string("urn:spind:problem:\(code)"))
        for name in ["title", "detail", "instance", "request_id"] {
            #expect(json[name]?.string?.isEmpty == false)
        }
        return json
    }
}

extension JSONValue {
    /// The pointers of a problem's `errors`.
    var pointers: [String] {
        self["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? []
    }
}
