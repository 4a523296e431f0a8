import MicroHTTP
import Testing

struct RequestTargetTests {
    private func request(_ target: String) throws -> HTTPRequest {
        try HTTPRequest(method: "GET", target: target)
    }

    @Test(arguments: [
        ("/", []),
        ("/v1/jobs", ["v1", "jobs"]),
        ("/v1/jobs/", ["v1", "jobs", ""]),
        ("//a", ["", "a"]),
        ("/a%20b/%C3%A4", ["a b", "ä"]),
        ("/a+b", ["a+b"]),
        ("/%25", ["%"]),
        ("/...", ["..."]),
        ("http://host:80/x?y", ["x"]),
        ("HTTP://host", []),
    ])
    func segmentsAreSplitAndThenDecoded(target: String, segments: [String]) throws {
        #expect(try request(target).segments == segments)
    }

    @Test(arguments: [
        "", "*", "a", "host:443", "/%00", "/a%00b", "/%", "/%4", "/%4g", "/%zz", "/.", "/..",
        "/a/../b", "/%2e%2e/etc", "/%2E", "/a%2fb", "/a%5Cb", "/a\\b", "/%ff", "/%C3", "/a b",
        "/a#b", "/a\u{7F}", "/?a=%", "/?%00", "/?a=%FF", "ftp://host/",
    ])
    func aTargetThatCouldMisleadIsRefused(target: String) {
        #expect(throws: MalformedRequest.self) { try request(target) }
    }

    @Test func queryFieldsAreDecodedInOrder() throws {
        let request = try request("/p?a=1&b=x+y%26&a=2&flag&&e==")
        #expect(request.path == "/p")
        #expect(request.query.map(\.name) == ["a", "b", "a", "flag", "e"])
        #expect(request.query.map(\.value) == ["1", "x y&", "2", "", "="])
        #expect(request.queryValue("b") == "x y&")
        #expect(request.queryValue("missing") == nil)
    }

    @Test func headArrivesAsGet() throws {
        let request = try HTTPRequest(method: "HEAD", target: "/")
        #expect(request.method == "GET")
        #expect(request.isHead)
    }

    @Test func headerNamesIgnoreCase() throws {
        let request = try HTTPRequest(
            method: "GET", target: "/", headers: [("X-One", "1"), ("x-ONE", "2"), ("Accept", "a")])
        #expect(request.header("x-one") == "1")
        #expect(request.headerValues("X-one") == ["1", "2"])
        #expect(request.header("X-On") == nil)
    }
}
