import SpinDomain
import Storage
import Testing

struct KeyQueryTests {
    private static func key(_ id: String, at time: Int, expires: Int? = nil) -> APIKey {
        APIKey(
            id: id, name: "ada's \u{1F511}", scope: .submit, salt: [0, 1, 255],
            digest: [UInt8](repeating: 7, count: 32), createdAt: Timestamp(microseconds: time),
            expiresAt: expires.map(Timestamp.init(microseconds:)))
    }

    @Test func keysComeBackAsTheyWereInTheirOrder() throws {
        let place = try TemporaryStore()
        let keys = [Self.key("b", at: 1), Self.key("a", at: 2, expires: 9)]
        for key in keys.reversed() { try place.store.insert(key: key) }
        try place.reopen()
        #expect(try place.store.keys() == keys)
        try place.store.delete(key: "b")
        #expect(try place.store.keys() == [keys[1]])
        expectCode(.notFound) { try place.store.delete(key: "b") }
        expectCode(.conflict) { try place.store.insert(key: keys[1]) }
    }
}
