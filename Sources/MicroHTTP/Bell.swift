import Glibc

/// Wakes a thread that waits in `poll`.
struct Bell: ~Copyable, Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws(HTTPServerError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw .system(operation: "pipe", reason: String(cString: strerror(errno)))
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func ring() {
        var byte: UInt8 = 0
        // A full pipe rings already.
        _ = write(writeEnd, &byte, 1)
    }

    /// Waits until the bell rings, at most so long if that is not negative.
    func wait(milliseconds: Int32 = -1) {
        var waiting = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, milliseconds)
        silence()
    }

    /// Waits until the bell rings or the socket can be read.
    ///
    /// - Returns: whether it is the socket.
    func wait(orFor socket: Int32) -> Bool {
        var waiting = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        ]
        poll(&waiting, 2, -1)
        silence()
        return waiting[1].revents != 0
    }

    private func silence() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}
