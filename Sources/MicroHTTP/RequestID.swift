/// The name of one request in logs and answers.
enum RequestID {
    private static let maximumLength = 64

    /// The client's own name for the request if it cannot harm a log line, else a fresh one.
    static func accepting(_ proposed: String?) -> String {
        if let proposed, isWellFormed(proposed) { return proposed }
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return "req_" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Whether the text matches `^[A-Za-z0-9._-]{1,64}$`.
    static func isWellFormed(_ text: String) -> Bool {
        (1...maximumLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._-".utf8.contains($0) }
    }
}
