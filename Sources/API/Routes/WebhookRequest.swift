import Foundation
import SpinDomain
import Webhooks

/// What a client says of a webhook that it wants.
struct WebhookRequest {
    private static let known = ["url", "events", "secret"]
    private static let longestURL = 2000
    private static let mostEvents = 32

    private(set) var url = ""
    private(set) var events = ["*"]
    /// Nil for a new one.
    private(set) var secret: String?

    /// - Throws: `invalid` with every problem at once.
    init(json: JSONValue) throws {
        var problems: [SpinError.FieldProblem] = []
        if json.object == nil {
            problems.append(
                .init(pointer: "", detail: "expected an object, found \(json.kind)"))
        } else if json["url"] == nil {
            problems.append(.init(pointer: "/url", detail: "is required"))
        }
        for (key, value) in json.object?.members ?? [] {
            if let detail = read(key, value) {
                problems.append(.init(pointer: "/" + key, detail: detail))
            }
        }
        guard problems.isEmpty else {
            throw SpinError.invalid("the webhook", problems: problems)
        }
    }

    /// - Returns: what is wrong with the member.
    private mutating func read(_ key: String, _ value: JSONValue) -> String? {
        switch key {
        case "url":
            guard let text = value.string, Self.isURL(text) else {
                return "expected an http or https URL of at most \(Self.longestURL) bytes, "
                    + "without a user"
            }
            url = text
        case "events":
            let texts = value.array?.compactMap(\.string) ?? []
            guard texts.count == value.array?.count, (1...Self.mostEvents).contains(texts.count),
                texts.allSatisfy(Self.isPattern)
            else {
                return "expected 1 to \(Self.mostEvents) types of events, as job.succeeded, "
                    + "alert.* or *"
            }
            events = texts
        case "secret":
            guard value.isNull || value.string.flatMap(WebhookSecret.init(text:)) != nil else {
                return WebhookSecret.rule
            }
            secret = value.string
        default:
            return "unknown key" + Suggestion.text(for: key, among: Self.known)
                + "; known here: \(Self.known.joined(separator: ", "))"
        }
        return nil
    }

    private static func isURL(_ text: String) -> Bool {
        guard text.utf8.count <= longestURL, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let parts = URLComponents(string: text), parts.user == nil, parts.password == nil
        else { return false }
        return ["http", "https"].contains(parts.scheme?.lowercased())
            && parts.host?.isEmpty == false
    }

    /// `*`, or words of small letters and `_` with dots between, the last of which may be `*`.
    private static func isPattern(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 100
            && parts.enumerated().allSatisfy { index, part in
                if part == "*" { return index == parts.count - 1 }
                return !part.isEmpty
                    && part.utf8.allSatisfy {
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                            || $0 == UInt8(ascii: "_")
                    }
            }
    }
}
