import CMicroHTTPD
import Glibc

/// libmicrohttpd's daemon, and the callbacks that lead from C into `Exchange` and `Connection`.
///
/// Sendable, because libmicrohttpd allows these calls from any thread but its own.
struct Daemon: @unchecked Sendable {
    private let pointer: OpaquePointer
    /// libmicrohttpd keeps pointers into it.
    private let identity: PEMTexts?

    /// Holds a request's head, pieces of its body and the answer's head.
    ///
    /// libmicrohttpd clears it after every request, which at 128 KiB takes a quarter of the time.
    private static let connectionMemory = 64 << 10

    /// Starts the threads; `core` must outlive them.
    init(core: ServerCore, identity: TLSIdentity?) throws(HTTPServerError) {
        let configuration = core.configuration
        let threads = max(1, configuration.threads)
        let texts = identity.map(PEMTexts.init)
        var settings = microhttpd_settings(
            threads: UInt32(threads),
            // The acceptor keeps the limit; here each thread could hold all connections.
            connection_limit: UInt32(threads * (configuration.maximumConnections + 1)),
            idle_seconds: UInt32(max(1, configuration.idleSeconds)),
            connection_memory: Self.connectionMemory,
            certificate: texts?.certificate,
            key: texts?.key,
            context: Unmanaged.passUnretained(core).toOpaque(),
            request_line: requestLineArrived,
            request_part: requestPartArrived,
            request_completed: requestCompleted,
            connection_changed: connectionChanged)
        guard let pointer = microhttpd_start(&settings) else { throw .daemonNotStarted }
        self.pointer = pointer
        self.identity = texts
    }

    /// Serves a connection from now on.
    ///
    /// - Returns: false if it could not, and closed the socket.
    func serve(
        _ descriptor: Int32, from address: UnsafePointer<sockaddr>, _ length: socklen_t
    ) -> Bool {
        MHD_add_connection(pointer, descriptor, address, length) == .YES
    }

    /// Closes every connection and ends the threads; aborts if one is still suspended.
    func stop() { MHD_stop_daemon(pointer) }
}

/// Texts that C code may look at for as long as this object lives.
///
/// Sendable, because nobody changes them.
private final class PEMTexts: @unchecked Sendable {
    let certificate: UnsafePointer<CChar>?
    let key: UnsafePointer<CChar>?

    init(_ identity: TLSIdentity) {
        certificate = UnsafePointer(strdup(identity.certificate))
        key = UnsafePointer(strdup(identity.key))
    }

    deinit {
        free(UnsafeMutablePointer(mutating: certificate))
        free(UnsafeMutablePointer(mutating: key))
    }
}

/// The start of a request's life; balanced by `requestCompleted`, which always follows.
private func requestLineArrived(
    context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let context, let target else { return nil }
    let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
    // The HTTP version follows the target's end; anything else there was cut off by a NUL.
    let isWhole = strncmp(target + strlen(target) + 1, "HTTP/", 5) == 0
    let exchange = Exchange(core: core, target: isWhole ? String(validatingCString: target) : nil)
    return Unmanaged.passRetained(exchange).toOpaque()
}

private func requestPartArrived(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, data: UnsafePointer<CChar>?,
    size: UnsafeMutablePointer<Int>?, request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let connection, let method, let version, let size, let state = request?.pointee else {
        return .NO
    }
    let exchange = Unmanaged<Exchange>.fromOpaque(state).takeUnretainedValue()
    let bytes = UnsafeRawBufferPointer(start: data, count: size.pointee)
    size.pointee = 0
    let goesOn = exchange.partArrived(
        bytes, on: ConnectionHandle(pointer: connection), method: method, version: version)
    return goesOn ? .YES : .NO
}

private func requestCompleted(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, reason: MHD_RequestTerminationCode
) {
    guard let state = request?.pointee else { return }
    request?.pointee = nil
    Unmanaged<Exchange>.fromOpaque(state).takeRetainedValue()
        .end(isComplete: reason == .REQUEST_TERMINATED_COMPLETED_OK)
}

private func connectionChanged(
    context: UnsafeMutableRawPointer?, handle: OpaquePointer?,
    state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, code: MHD_ConnectionNotificationCode
) {
    guard let context, let handle, let state else { return }
    let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
    if let pointer = state.pointee {
        state.pointee = nil
        core.connectionClosed(Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue())
    } else if code == .CONNECTION_NOTIFY_STARTED {
        state.pointee = Unmanaged.passRetained(core.connectionStarted(handle)).toOpaque()
    }
}
