import MicroHTTP
import SpinDomain

/// A page of a list: `data`, `has_more`, `first_id`, `last_id`, and where the next page is.
struct ListAnswer {
    private var data: [JSONValue]
    private var ids: [JSONValue]
    private var hasMore = false
    private var isCompact = false
    private var next: String?

    /// - Parameter id: what the next page's `after` would be.
    init<Element>(_ elements: [Element], id: (Element) -> JSONValue, json: (Element) -> JSONValue) {
        data = elements.map(json)
        ids = elements.map(id)
    }

    /// The answer for one page of a longer list.
    func paged(_ hasMore: Bool, of call: Call) -> ListAnswer {
        var answer = self
        answer.hasMore = hasMore
        if hasMore, let last = ids.last {
            answer.next = call.request.target(after: last.string ?? last.text)
        }
        return answer
    }

    /// Without line breaks, for pages with long lists of numbers.
    func compact() -> ListAnswer {
        var answer = self
        answer.isCompact = true
        return answer
    }

    var response: HTTPResponse {
        .json(
            [
                "object": "list", "data": .array(data), "has_more": .bool(hasMore),
                "first_id": ids.first ?? .null, "last_id": ids.last ?? .null,
            ],
            isCompact: isCompact, headers: next.map { [("Link", "<\($0)>; rel=\"next\"")] } ?? [])
    }
}

extension HTTPRequest {
    /// The same path and query, but with another `after`.
    fileprivate func target(after: String) -> String {
        let fields = query.filter { $0.name != "after" } + [(name: "after", value: after)]
        return path + "?"
            + fields.map { $0.name.percentEncoded + "=" + $0.value.percentEncoded }
            .joined(separator: "&")
    }
}
