import MicroHTTP

/// Fields that make browsers careful.
enum SecurityHeaders {
    /// Pages take scripts, styles and data from this server only, and stand in no frame.
    private static let pagePolicy =
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'"

    static func fields(for response: HTTPResponse) -> [(name: String, value: String)] {
        var fields = [
            (name: "X-Content-Type-Options", value: "nosniff"),
            (name: "Referrer-Policy", value: "no-referrer"),
        ]
        if response.header("Content-Type")?.hasPrefix("text/html") == true {
            fields.append(("Content-Security-Policy", pagePolicy))
        }
        return fields
    }
}
