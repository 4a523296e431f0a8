import Glibc

/// A bound socket that listens; owned by the acceptor once that exists.
struct ListeningSocket {
    let descriptor: Int32
    let port: Int

    /// - Throws: `HTTPServerError`; when the port is taken, `.system(operation: "bind", …)`.
    init(host: String, port: Int) throws(HTTPServerError) {
        var address = try SocketAddress(host: host, port: port)
        let type =
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw .lastError(of: "socket") }
        do throws(HTTPServerError) {
            try Self.set(SO_REUSEADDR, on: descriptor)
            guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
                throw .lastError(of: "bind to \(host) port \(port)")
            }
            guard listen(descriptor, SOMAXCONN) == 0 else { throw .lastError(of: "listen") }
            try address.read { getsockname(descriptor, $0, $1) }
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.port = address.port
    }

    private static func set(_ option: Int32, on descriptor: Int32) throws(HTTPServerError) {
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, SOL_SOCKET, option, &yes, size) == 0 else {
            throw .lastError(of: "setsockopt")
        }
    }
}

extension HTTPServerError {
    fileprivate static func lastError(of operation: String) -> HTTPServerError {
        .system(operation: operation, reason: String(cString: strerror(errno)))
    }
}

/// An IPv4 or IPv6 address with a port.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    init(host: String, port: Int) throws(HTTPServerError) {
        guard let port = UInt16(exactly: port) else { throw .badAddress("port \(port)") }
        let host = host == "localhost" ? "127.0.0.1" : host
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v4, as: sockaddr_in.self) }
        } else if inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v6, as: sockaddr_in6.self) }
        } else {
            throw .badAddress(host)
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// Both kinds keep the port at the same place, in network order.
    var port: Int {
        withUnsafeBytes(of: storage) {
            Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)))
        }
    }

    /// The address without its port, as text.
    static func numeric(_ address: UnsafePointer<sockaddr>) -> String {
        let raw = UnsafeRawPointer(address)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            var ip = raw.load(as: sockaddr_in.self).sin_addr
            inet_ntop(AF_INET, &ip, &text, socklen_t(text.count))
        case AF_INET6:
            var ip = raw.load(as: sockaddr_in6.self).sin6_addr
            inet_ntop(AF_INET6, &ip, &text, socklen_t(text.count))
        default: return "unknown"
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    mutating func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafeBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { addresses in
                // A sockaddr_storage is larger than a sockaddr, so there is a first one.
                body(addresses.baseAddress.unsafelyUnwrapped, length)
            }
        }
    }

    mutating func read(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(HTTPServerError) {
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { addresses in
                body(addresses.baseAddress.unsafelyUnwrapped, &size)
            }
        }
        guard result == 0 else { throw .lastError(of: "getsockname") }
        length = size
    }
}
