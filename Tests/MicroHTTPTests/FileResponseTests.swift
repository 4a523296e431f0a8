import Foundation
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FileResponseTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.url.appendingPathComponent("digits")
        try Data("0123456789".utf8).write(to: file)
    }

    private func answer(
        _ url: URL, headers: String = "", entityTag: String? = "\"v1\""
    ) throws -> RawClient.Response {
        let server = try HTTPServer.test(
            TestHandler(respond: { request in
                .file(url, for: request, contentType: "text/plain", entityTag: entityTag)
                    ?? .text("missing", status: 404)
            }))
        return try RawClient(port: server.port).get("/", headers: headers)
    }

    @Test func aWholeFileIsSent() throws {
        let answer = try answer(file)
        #expect(answer.status == 200)
        #expect(answer.text == "0123456789")
        #expect(answer.header("Accept-Ranges") == "bytes")
        #expect(answer.header("ETag") == "\"v1\"")
        #expect(answer.header("Content-Type") == "text/plain")
    }

    @Test func aRangeIsSentAsPartialContent() throws {
        let answer = try answer(file, headers: "Range: bytes=2-4\r\n")
        #expect(answer.status == 206)
        #expect(answer.text == "234")
        #expect(answer.header("Content-Range") == "bytes 2-4/10")
    }

    @Test func aRangeBeyondTheEndIs416() throws {
        let answer = try answer(file, headers: "Range: bytes=10-\r\n")
        #expect(answer.status == 416)
        #expect(answer.header("Content-Range") == "bytes */10")
    }

    @Test func anOutdatedIfRangeGetsTheWholeFile() throws {
        let headers = "Range: bytes=2-4\r\nIf-Range: \"v0\"\r\n"
        #expect(try answer(file, headers: headers).text == "0123456789")
    }

    @Test func severalRangesGetTheWholeFile() throws {
        #expect(try answer(file, headers: "Range: bytes=0-1,3-4\r\n").status == 200)
    }

    @Test func anEmptyFileIsSent() throws {
        try Data().write(to: file)
        let answer = try answer(file)
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
    }

    @Test func foldersAndMissingFilesAreNotSent() throws {
        #expect(try answer(folder.url).status == 404)
        #expect(try answer(folder.url.appendingPathComponent("none")).status == 404)
    }

    @Test func aLargeFileArrivesWhole() throws {
        let bytes = (0..<(20 << 20) / 4).flatMap { word in
            withUnsafeBytes(of: UInt32(word)) { Array($0) }
        }
        try Data(bytes).write(to: file)
        #expect(try answer(file).body == bytes)
        let part = try answer(file, headers: "Range: bytes=1000000-19999999\r\n")
        #expect(part.body == Array(bytes[1_000_000..<20_000_000]))
    }

    @Test(arguments: [-1..<5 as Range<Int64>, 5..<11])
    func aRangeOutsideOfTheFileIsAnError(range: Range<Int64>) throws {
        let file = file
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in HTTPResponse(status: 206, body: .file(file, range: range)) }
            ))
        #expect(try RawClient(port: server.port).get("/").status == 500)
    }

    @Test func aFileThatVanishedIs404() throws {
        let missing = folder.url.appendingPathComponent("gone")
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in HTTPResponse(status: 200, body: .file(missing, range: nil))
            }))
        #expect(try RawClient(port: server.port).get("/").status == 404)
    }
}
