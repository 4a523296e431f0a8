import SpinDomain
import Testing

struct JSONObjectTests {
    @Test func anObjectKeepsOrderWhenMembersChange() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object["b"] = nil
        object["a"] = 4
        object["d"] = 5
        #expect(JSONValue.object(object).text == #"{"a":4,"c":3,"d":5}"#)
        #expect(object["c"] == 3)
        #expect(object == ["d": 5, "c": 3, "a": 4])
        #expect(object != ["d": 5, "c": 3])
    }

    /// Composed and decomposed, equal as Swift strings.
    private static let spellings = ["\u{E9}", "e\u{301}"]

    /// So few members are searched, so many are found by their hash.
    @Test(arguments: [0, 7, 8, 100])
    func keysAreToldApartByTheirBytes(others: Int) throws {
        var object = JSONObject((0..<others).map { ("\($0)", .integer($0)) })
        object[Self.spellings[0]] = 1
        #expect(object[Self.spellings[1]] == nil)
        object[Self.spellings[1]] = 2
        #expect(object.members.count == others + 2)
        let read = try JSONParser.parse(JSONValue.object(object).utf8)
        #expect(read[Self.spellings[0]] == 1)
        #expect(read[Self.spellings[1]] == 2)
        #expect(read == .object(object))
    }

    @Test(arguments: [3, 8, 9, 10, 500])
    func everyMemberIsFoundAfterARemoval(count: Int) {
        var object = JSONObject((0..<count).map { ("key \($0)", .integer($0)) })
        object["key 1"] = nil
        #expect(object["key 1"] == nil)
        for number in 0..<count where number != 1 {
            #expect(object["key \(number)"] == .integer(number))
        }
        #expect(object.members.count == count - 1)
    }

    @Test func aKeyThatStandsTwiceIsFoundInALargeObject() {
        let members = (0..<2000).map { "\"\($0)\":0" }.joined(separator: ",")
        #expect(throws: Never.self) { try JSONParser.parse("{\(members)}".utf8) }
        #expect(throws: SpinError.self) { try JSONParser.parse("{\(members),\"7\":0}".utf8) }
    }
}
