import CMicroHTTPD
import Foundation
import Glibc

/// Hands answers to libmicrohttpd.
struct ResponseSender {
    let core: ServerCore
    let requestID: String
    let client: Connection?

    /// - Returns: the status that is sent; nil to drop the connection, because not even an error
    ///   could be said.
    func send(_ response: HTTPResponse, on connection: ConnectionHandle) -> Int? {
        do throws(MalformedRequest) {
            try queue(response, on: connection)
            return response.status
        } catch {
            let refusal = core.refusal(error, requestID: requestID)
            return (try? queue(refusal, on: connection)) != nil ? refusal.status : nil
        }
    }

    private func queue(
        _ response: HTTPResponse, on connection: ConnectionHandle
    ) throws(MalformedRequest) {
        guard (200...599).contains(response.status) else { throw .handlerFailed }
        let pointer = try makeBody(response.body, on: connection)
        // Queued answers hold a reference of their own.
        defer { MHD_destroy_response(pointer) }
        try add("X-Request-Id", requestID, to: pointer)
        for (name, value) in response.headers { try add(name, value, to: pointer) }
        if core.inFlight.isDraining { try add("Connection", "close", to: pointer) }
        guard MHD_queue_response(connection.pointer, UInt32(response.status), pointer) == .YES
        else { throw .handlerFailed }
    }

    /// libmicrohttpd refuses line breaks in names and values.
    private func add(
        _ name: String, _ value: String, to response: OpaquePointer
    ) throws(MalformedRequest) {
        guard MHD_add_response_header(response, name, value) == .YES else { throw .handlerFailed }
    }

    private func makeBody(
        _ body: HTTPResponse.Body, on connection: ConnectionHandle
    ) throws(MalformedRequest) -> OpaquePointer {
        let response =
            switch body {
            case .none: MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
            case .data(let data): makeBody(data)
            case .file(let url, let range): try makeBody(url, range)
            case .stream(let stream): try makeBody(stream, on: connection)
            // A deferred answer cannot be deferred again.
            case .deferred: throw .handlerFailed
            }
        guard let response else { throw .handlerFailed }
        return response
    }

    private func makeBody(_ data: Data) -> OpaquePointer? {
        data.withUnsafeBytes { bytes in
            // Copied by libmicrohttpd, in spite of the mutable pointer that it asks for.
            MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                .RESPMEM_MUST_COPY)
        }
    }

    private func makeBody(
        _ url: URL, _ range: Range<Int64>?
    ) throws(MalformedRequest) -> OpaquePointer? {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw errno == ENOENT ? .fileIsGone : .handlerFailed }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .handlerFailed
        }
        let size = Int64(status.st_size)
        let range = range ?? 0..<size
        guard range.lowerBound >= 0, range.upperBound <= size,
            let response = MHD_create_response_from_fd_at_offset64(
                UInt64(range.count), descriptor, UInt64(range.lowerBound))
        else {
            close(descriptor)
            throw .handlerFailed
        }
        return response
    }

    private func makeBody(
        _ stream: EventStream, on connection: ConnectionHandle
    ) throws(MalformedRequest) -> OpaquePointer? {
        guard stream.attach(to: client) else { throw .handlerFailed }
        if !core.watchdog.add(stream) { stream.finish() }
        let reader = StreamReader(stream: stream, connection: connection, watchdog: core.watchdog)
        let pointer = Unmanaged.passRetained(reader)
        let response = MHD_create_response_from_callback(
            UInt64.max, StreamReader.blockSize, readStream, pointer.toOpaque(), closeStream)
        if response == nil { pointer.takeRetainedValue().close() }
        return response
    }
}

extension MalformedRequest {
    fileprivate static let handlerFailed = MalformedRequest(
        status: 500, reason: "The server could not make its answer.")
    fileprivate static let fileIsGone = MalformedRequest(
        status: 404, reason: "The file is no longer there.")
}

/// Ties a stream to the connection that it feeds.
private final class StreamReader {
    static let blockSize = 16 << 10
    let stream: EventStream
    let connection: ConnectionHandle
    private let watchdog: Watchdog

    init(stream: EventStream, connection: ConnectionHandle, watchdog: Watchdog) {
        self.stream = stream
        self.connection = connection
        self.watchdog = watchdog
    }

    func close() {
        watchdog.remove(stream)
        stream.close()
    }
}

/// `MHD_CONTENT_READER_END_OF_STREAM` and `…_WITH_ERROR`, macros that Swift does not see.
private let endOfStream = -1
private let endWithError = -2

private func readStream(
    context: UnsafeMutableRawPointer?, position: UInt64, buffer: UnsafeMutablePointer<CChar>?,
    size: Int
) -> Int {
    guard let context else { return endWithError }
    let reader = Unmanaged<StreamReader>.fromOpaque(context).takeUnretainedValue()
    let target = UnsafeMutableRawBufferPointer(start: buffer, count: size)
    return switch reader.stream.read(into: target, for: reader.connection) {
    case .bytes(let count): count
    case .nothingYet: 0
    case .end: endOfStream
    case .failure: endWithError
    }
}

private func closeStream(context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<StreamReader>.fromOpaque(context).takeRetainedValue().close()
}
