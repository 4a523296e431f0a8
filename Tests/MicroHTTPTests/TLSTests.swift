import Foundation
import Glibc
import MicroHTTP
import Testing

/// HTTPS with certificates that openssl makes for each test; curl is the client.
@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: Certificate.toolsArePresent, "needs /usr/bin/openssl and /usr/bin/curl"))
struct TLSTests {
    private func server(
        _ certificate: Certificate, configure: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        try HTTPServer.test {
            $0.identity = certificate.identity
            configure(&$0)
        }
    }

    @Test func anEncryptedRequestIsAnswered() throws {
        let certificate = try Certificate()
        let server = try self.server(certificate)
        let answer = try certificate.curl("https://localhost:\(server.port)/a/b")
        #expect(answer.output == "hello from /a/b")
        #expect(answer.status == 0)
    }

    @Test func aStreamEndsCleanlyWhenTheServerStops() throws {
        let certificate = try Certificate()
        let stream = EventStream()
        let server = try HTTPServer.test(TestHandler(respond: { _ in .events(stream) })) {
            $0.identity = certificate.identity
        }
        stream.send(ServerSentEvent(data: "one"))
        let port = server.port
        Thread.detachNewThread {
            _ = eventually { server.requestsInFlight == 1 }
            #expect(server.stop())
        }
        #expect(try certificate.curl("https://localhost:\(port)/").output == "data: one\n\n")
    }

    @Test func plainHTTPIsNotUnderstood() throws {
        let certificate = try Certificate()
        let server = try self.server(certificate)
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.closeSendingSide()
        #expect(!String(decoding: try client.rest(), as: UTF8.self).hasPrefix("HTTP/"))
        #expect(try certificate.curl("https://localhost:\(server.port)/").status == 0)
    }

    @Test func oldVersionsAreRefused() throws {
        let certificate = try Certificate()
        let server = try self.server(certificate)
        let url = "https://localhost:\(server.port)/"
        for version in ["1.0", "1.1"] {
            // Without the level OpenSSL itself would not even try.
            let answer = try certificate.curl(
                url, "--tls-max", version, "--ciphers", "DEFAULT@SECLEVEL=0")
            #expect(answer.status != 0)
        }
        #expect(try certificate.curl(url, "--tls-max", "1.2").status == 0)
        #expect(try certificate.curl(url, "--tlsv1.3").status == 0)
    }

    @Test func whoDoesNotFinishTheHandshakeIsCutOff() throws {
        let certificate = try Certificate()
        let server = try self.server(certificate) { $0.headSeconds = 0.2 }
        let client = try RawClient(port: server.port)
        try client.send([0x16, 0x03, 0x01])
        #expect(try client.rest().allSatisfy { $0 != UInt8(ascii: "H") })
        #expect(try certificate.curl("https://localhost:\(server.port)/").status == 0)
    }

    @Test func aRenewedCertificateIsShownFromThenOn() throws {
        let (old, new) = (try Certificate(), try Certificate())
        let server = try self.server(old)
        let url = "https://localhost:\(server.port)/"
        #expect(try old.curl(url).status == 0)
        #expect(try new.curl(url).status != 0)
        try server.renew(new.identity)
        #expect(try new.curl(url).status == 0)
        #expect(try old.curl(url).status != 0)
        #expect(server.stop())
    }

    @Test func unusableFilesAreNamed() throws {
        let (one, other) = (try Certificate(), try Certificate())
        let junk = one.folder.url.appendingPathComponent("junk.pem").path
        try Data("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n".utf8)
            .write(to: URL(fileURLWithPath: junk))
        for (certificate, key, culprit) in [
            ("/nowhere.pem", one.keyFile, "/nowhere.pem"),
            (one.certificateFile, "/nowhere.pem", "/nowhere.pem"),
            ("/usr/bin/openssl", one.keyFile, "/usr/bin/openssl"),
            (junk, one.keyFile, junk), (one.certificateFile, other.keyFile, other.keyFile),
            (one.keyFile, one.certificateFile, one.keyFile),
        ] {
            let error = #expect(throws: HTTPServerError.self) {
                try TLSIdentity(certificateFile: certificate, keyFile: key)
            }
            #expect(error.map { "\($0)".contains(culprit) } == true, "\(error as Any)")
        }
        let plain = try HTTPServer.test()
        #expect(throws: HTTPServerError.self) { try plain.renew(one.identity) }
    }
}

/// A certificate for localhost that signs itself, and curl that trusts only it.
private struct Certificate {
    private static let openssl = "/usr/bin/openssl"
    private static let curl = "/usr/bin/curl"

    static var toolsArePresent: Bool {
        [openssl, curl].allSatisfy(FileManager.default.isExecutableFile)
    }

    let folder: TemporaryFolder
    let identity: TLSIdentity
    var certificateFile: String { folder.url.appendingPathComponent("certificate.pem").path }
    var keyFile: String { folder.url.appendingPathComponent("key.pem").path }

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.url.path
        let made = try Self.run(
            Self.openssl,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", path + "/key.pem",
                "-out", path + "/certificate.pem",
            ])
        try #require(made.status == 0)
        identity = try TLSIdentity(
            certificateFile: path + "/certificate.pem", keyFile: path + "/key.pem")
    }

    func curl(_ url: String, _ options: String...) throws -> (status: Int32, output: String) {
        try Self.run(
            Self.curl,
            ["-sN", "--max-time", "20", "--noproxy", "*", "--cacert", certificateFile] + options
                + [url])
    }

    private static func run(
        _ program: String, _ arguments: [String]
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
