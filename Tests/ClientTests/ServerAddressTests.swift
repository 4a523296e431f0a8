import Client
import SpinDomain
import Testing

struct ServerAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("localhost:1", "http://localhost:1"),
        ("https://spin.example/", "https://spin.example"), ("http://[::1]:9", "http://[::1]:9"),
    ])
    func anAddressIsTakenWithOrWithoutScheme(text: String, url: String) throws {
        #expect(try ServerAddress(text).url == url)
    }

    @Test(arguments: [
        "", "http://", "ftp://x", "http://x/v1", "http://user@x", "http://a b", "//x", "http://\n",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: SpinError.self) { try ServerAddress(text) }
    }
}
