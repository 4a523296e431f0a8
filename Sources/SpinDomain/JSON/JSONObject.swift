/// The members of a JSON object, in the order they were written; keys are unique.
///
/// Keys are the same when their bytes are: a vocabulary holds "é" both composed and decomposed, which
/// `String` takes for one.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    public private(set) var members: [(key: String, value: JSONValue)] = []
    /// The members' indices; empty for as long as looking at every member is as fast.
    private var indexByKey: [Spelling: Int] = [:]

    private static let mostSearched = 8

    public init() {}

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// Of elements with one key the last value counts, in the first one's place.
    public init(_ elements: [(String, JSONValue)]) {
        members.reserveCapacity(elements.count)
        for (key, value) in elements { self[key] = value }
    }

    public var keys: [String] { members.map(\.key) }

    /// Nil when absent; setting a new key appends it, setting nil removes it.
    public subscript(key: String) -> JSONValue? {
        get { index(of: key).map { members[$0].value } }
        set {
            guard let index = index(of: key) else {
                if let newValue { append(key, newValue) }
                return
            }
            if let newValue {
                members[index].value = newValue
            } else {
                members.remove(at: index)
                countKeys()
            }
        }
    }

    /// Appends a member, or returns false where the key is there already.
    mutating func insert(_ key: String, _ value: JSONValue) -> Bool {
        guard index(of: key) == nil else { return false }
        append(key, value)
        return true
    }

    private func index(of key: String) -> Int? {
        if members.count <= Self.mostSearched {
            return members.firstIndex { $0.key.isSpelled(key) }
        }
        return indexByKey[Spelling(key)]
    }

    /// - Parameter key: one that is not there.
    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append((key, value))
        if members.count == Self.mostSearched + 1 {
            countKeys()
        } else if members.count > Self.mostSearched {
            indexByKey[Spelling(key)] = members.count - 1
        }
    }

    private mutating func countKeys() {
        indexByKey.removeAll(keepingCapacity: true)
        guard members.count > Self.mostSearched else { return }
        for (index, member) in members.enumerated() { indexByKey[Spelling(member.key)] = index }
    }

    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count
            && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}
