import MicroHTTP

/// What a client would like best (RFC 9110, section 12.5.1).
struct AcceptHeader {
    private let ranges: [(type: Substring, quality: Double)]

    init(_ request: HTTPRequest) {
        ranges = request.headerValues("Accept").flatMap { $0.lowercased().split(separator: ",") }
            .map { range in
                let parts = range.split(separator: ";").map(Self.trimmed)
                let quality = parts.dropFirst().first { $0.hasPrefix("q=") }
                return (
                    parts.first ?? "", quality.flatMap { Double($0.dropFirst(2)) } ?? 1
                )
            }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }

    /// The offer of highest quality, the first of equals; without a header, the first.
    ///
    /// - Throws: a refusal with 406 when the client takes none.
    func choose(among offers: [String]) throws -> String {
        guard let first = offers.first, !ranges.isEmpty else { return offers.first ?? "" }
        var best = (offer: first, quality: 0.0)
        for offer in offers where quality(of: offer) > best.quality {
            best = (offer, quality(of: offer))
        }
        guard best.quality > 0 else {
            throw Refusal(
                status: 406, code: "not_acceptable",
                "none of the types in Accept can be given here",
                hint: "possible here: \(offers.joined(separator: ", "))")
        }
        return best.offer
    }

    /// The most specific range counts.
    private func quality(of type: String) -> Double {
        let family = type.prefix { $0 != "/" } + "/*"
        for wanted in [type[...], family, "*/*"] {
            if let range = ranges.first(where: { $0.type == wanted }) { return range.quality }
        }
        return 0
    }
}
