import Foundation
import SpinDomain
import Testing

/// The page for people and its files.
struct DashboardRoutesTests {
    private static let browser = [(name: "Accept", value: "text/html,*/*;q=0.8")]
    private static let gzip = [(name: "Accept-Encoding", value: "gzip, deflate, br")]
    /// What issue 5 allows the whole dashboard to weigh.
    private static let maximumBytes = 150 << 10

    private let service: TestService
    private let page: Answer

    init() throws {
        service = try TestService()
        page = try service.send("GET", "/", headers: Self.browser)
    }

    /// The paths of assets in the page.
    private var assets: [String] {
        page.text.split(separator: "\"").map(String.init).filter { $0.hasPrefix("/assets/") }
    }

    /// The folder of all assets, with a slash at its end.
    private func folder() throws -> String {
        let first = try #require(assets.first)
        return String(first[...(try #require(first.lastIndex(of: "/")))])
    }

    @Test func programsGetTheRoutesAsText() throws {
        let plain = try service.send("GET", "/")
        #expect(plain.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(plain.text.contains("POST /v1/jobs\n"))
        let json = try service.send("GET", "/", headers: [("Accept", "application/json")])
        #expect(json.status == 406)
    }

    @Test func thePageLoadsNothingFromElsewhere() throws {
        #expect(page.header("Content-Type") == "text/html; charset=utf-8")
        #expect(page.header("Cache-Control") == "no-cache")
        let policy = try #require(page.header("Content-Security-Policy"))
        #expect(policy.hasPrefix("default-src 'self';"))
        #expect(!policy.contains("unsafe"))
        #expect(!page.text.contains("<style") && !page.text.contains(" style="))
        #expect(!page.text.contains("src=\"http") && !page.text.contains("href=\"http"))
    }

    @Test func everythingThePageNamesIsThere() throws {
        #expect(assets.count >= 4)
        for path in assets where !path.contains("/uplot.") {
            #expect(try service.send("GET", path).status == 200, "\(path)")
        }
    }

    @Test func assetsAreKeptForEver() throws {
        let path = try folder() + "app.js"
        let answer = try service.send("GET", path)
        #expect(answer.header("Content-Type") == "text/javascript; charset=utf-8")
        #expect(answer.header("Cache-Control") == "public, max-age=31536000, immutable")
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
        let tag = try #require(answer.header("ETag"))
        let again = try service.send("GET", path, headers: [("If-None-Match", tag)])
        #expect(again.status == 304)
    }

    @Test func anotherVersionsAssetsAreNotFound() throws {
        for path in ["/assets/0000000000000000/app.js", try folder() + "none.js"] {
            let answer = try service.send("GET", path)
            #expect(answer.status == 404)
            #expect(answer.text.contains("load the page / again"))
        }
    }

    @Test func clientsThatTakeGzipGetIt() throws {
        let path = try folder() + "style.css"
        let plain = try service.send("GET", path)
        let compressed = try service.send("GET", path, headers: Self.gzip)
        #expect(compressed.header("Content-Encoding") == "gzip")
        #expect(compressed.header("Vary") == "Accept-Encoding")
        #expect(compressed.body.starts(with: [0x1F, 0x8B]))
        #expect(compressed.body.count < plain.body.count)
        #expect(compressed.header("ETag") != plain.header("ETag"))
        let refused = try service.send("GET", path, headers: [("Accept-Encoding", "gzip;q=0")])
        #expect(refused.header("Content-Encoding") == nil)
        #expect(refused.body == plain.body)
    }

    @Test func theWholeDashboardIsSmall() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(
            atPath: file.appendingPathComponent("../../Dashboard").path)
        var bytes = try service.send("GET", "/", headers: Self.browser + Self.gzip).body.count
        for name in Set(names + ["uplot.js", "uplot.css"]) where name != "index.html" {
            let answer = try service.send("GET", try folder() + name, headers: Self.gzip)
            // The chart library is not there where the registry could not be reached.
            #expect(answer.status == 200 || name.hasPrefix("uplot."), "\(name)")
            bytes += answer.body.count
        }
        #expect(bytes <= Self.maximumBytes)
    }

    @Test func theContractIsThereAsJSON() throws {
        let answer = try service.send("GET", "/openapi.json")
        #expect(answer.status == 200)
        let json = try answer.json
        #expect(json["openapi"]?.string == "3.1.0")
        let configuration = json["components"]?["schemas"]?["Configuration"]
        #expect(configuration?["properties"]?["seed"]?["default"]?.integer == 1234)
    }
}
