import Dispatch
import Foundation
import Glibc
import SpinDomain
import Synchronization
import Testing
import Webhooks

struct CurlTransportTests {
    /// Listens on loopback, answers one request, and keeps it.
    private final class Receiver: Sendable {
        let port: Int
        private let descriptor: Int32
        private let request = Mutex("")
        private let isDone = DispatchSemaphore(value: 0)

        init(answer: String) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let outcome = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, size) + listen(descriptor, 1)
                        + getsockname(descriptor, $0, &size)
                }
            }
            try #require(outcome == 0)
            port = Int(in_port_t(bigEndian: address.sin_port))
            Thread.detachNewThread { [self] in serve(answer) }
        }

        deinit { close(descriptor) }

        private func serve(_ answer: String) {
            defer { isDone.signal() }
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { return }
            defer { close(connection) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            var text = ""
            while !text.hasSuffix("{}") {
                let count = read(connection, &buffer, buffer.count)
                guard count > 0 else { break }
                text += String(decoding: buffer.prefix(count), as: UTF8.self)
            }
            request.withLock { $0 = text }
            let bytes = Array(answer.utf8)
            _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }

        func wait() -> String {
            _ = isDone.wait(timeout: .now() + 20)
            return request.withLock { $0 }
        }
    }

    @Test func aDeliveryArrivesAndARedirectIsNotFollowed() throws {
        let receiver = try Receiver(
            answer: "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                + "Content-Length: 0\r\n\r\n")
        let transport = try CurlTransport(allowsPrivate: true)
        let status = try transport.post(
            "http://127.0.0.1:\(receiver.port)/hook?a=b",
            headers: [("Content-Type", "application/json"), ("webhook-id", "evt_1")],
            body: Array("{}".utf8))
        #expect(status == 302)
        let request = receiver.wait()
        #expect(request.hasPrefix("POST /hook?a=b HTTP/1.1\r\n"))
        #expect(request.contains("\r\nwebhook-id: evt_1\r\n"))
        #expect(request.contains("\r\nContent-Type: application/json\r\n"))
        #expect(request.contains("\r\nContent-Length: 2\r\n"))
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
    func privateAddressesAreRefusedUnderAnyName(host: String) throws {
        let transport = try CurlTransport(allowsPrivate: false)
        do {
            _ = try transport.post("http://\(host):9/", headers: [], body: [])
            Issue.record("\(host) was connected to")
        } catch let error as SpinError {
            #expect(error.code == .inputOutput)
            #expect(error.message.contains("private"), "\(error.message)")
        }
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://1.1.1.1/", "gopher://1.1.1.1/"])
    func onlyHTTPIsSpoken(url: String) throws {
        let transport = try CurlTransport(allowsPrivate: true)
        #expect(throws: SpinError.self) { try transport.post(url, headers: [], body: []) }
    }

    @Test func nobodyThereIsAnErrorWithAReason() throws {
        let transport = try CurlTransport(allowsPrivate: true)
        // Port 9 on loopback: nothing listens there.
        let error = #expect(throws: SpinError.self) {
            try transport.post("http://127.0.0.1:9/", headers: [], body: [])
        }
        #expect(error?.message.isEmpty == false)
    }
}
