public import SpinDomain

extension ServerClient {
    /// The most that a page has.
    private static let largestPage = 1000

    /// Goes through a list that has pages, page by page, until `body` returns false.
    ///
    /// - Parameters:
    ///   - after: where to begin.
    ///   - limit: of all pages together; nil for everything.
    /// - Throws: `ClientError`, and what `body` throws.
    public func forEachPage(
        _ path: String, query: Query = [], after: String? = nil, limit: Int? = nil,
        _ body: (_ answer: Answer, _ elements: [JSONValue]) throws -> Bool
    ) throws {
        var after = after
        var left = limit ?? Int.max
        while left > 0 {
            let answer = try get(
                path,
                query: query + [("limit", "\(min(left, Self.largestPage))"), ("after", after)])
            let page = try answer.json()
            let elements = page["data"]?.array ?? []
            left -= elements.count
            guard try body(answer, elements), page["has_more"]?.bool == true,
                let last = page["last_id"], !elements.isEmpty
            else { return }
            after = last.string ?? last.text
        }
    }

    /// The elements of all pages of a list.
    public func pagedList(_ path: String, limit: Int? = nil) throws -> [JSONValue] {
        var all: [JSONValue] = []
        try forEachPage(path, limit: limit) { _, elements in
            all += elements
            return true
        }
        return all
    }

    /// The elements of a list that has one page.
    public func list(_ path: String, query: Query = []) throws -> [JSONValue] {
        try get(path, query: query).json()["data"]?.array ?? []
    }
}
