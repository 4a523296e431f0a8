import DurableFiles
import Testing

@Suite struct SHA256HasherTests {
    private func digest(_ text: String, pieces: Int = 1) -> String {
        var hasher = SHA256Hasher()
        let bytes = Array(text.utf8)
        let size = max(1, bytes.count / pieces)
        for start in stride(from: 0, to: bytes.count, by: size) {
            bytes[start..<min(bytes.count, start + size)].withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finish()
    }

    /// The examples of FIPS 180-4.
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func agreesWithTheStandard(_ text: String, _ expected: String) {
        #expect(digest(text) == expected)
    }

    @Test func piecesDoNotMatter() {
        let text = String(repeating: "spin ", count: 1000)
        #expect(digest(text, pieces: 7) == digest(text))
    }

    @Test func startsAnewAfterFinishing() {
        var hasher = SHA256Hasher()
        let first = hasher.finish()
        #expect(hasher.finish() == first)
    }
}
