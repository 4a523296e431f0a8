import Glibc
import Synchronization

/// The daemon that serves new connections, and those before it.
///
/// libmicrohttpd reads a certificate once, when a daemon starts. So a renewed one means another
/// daemon, while the connections of the old ones go on; these cost two sleeping threads each until
/// the server stops.
final class Daemons: Sendable {
    private let all: Mutex<[Daemon]>

    init(_ first: Daemon) {
        all = Mutex([first])
    }

    func add(_ daemon: Daemon) { all.withLock { $0.append(daemon) } }

    func serve(
        _ descriptor: Int32, from address: UnsafePointer<sockaddr>, _ length: socklen_t
    ) -> Bool {
        all.withLock { $0.last }?.serve(descriptor, from: address, length) ?? false
    }

    func stop() {
        for daemon in all.withLock({ $0 }) { daemon.stop() }
    }
}
