import CMicroHTTPD

/// The header fields of a request, copied out of libmicrohttpd.
struct RequestHeaders {
    private(set) var fields: [(name: String, value: String)] = []
    private var byteCount = 0
    private var holdsNUL = false

    init(of connection: OpaquePointer) {
        withUnsafeMutablePointer(to: &self) { headers in
            _ = MHD_get_connection_values_n(
                connection, .HEADER_KIND,
                { context, _, name, nameSize, value, valueSize in
                    guard let context else { return .NO }
                    context.assumingMemoryBound(to: RequestHeaders.self).pointee.append(
                        name: UnsafeRawBufferPointer(start: name, count: nameSize),
                        value: UnsafeRawBufferPointer(start: value, count: valueSize))
                    return .YES
                }, headers)
        }
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool { value(of: "Expect") != nil }

    func value(of name: String) -> String? {
        fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    func check(maximumBytes: Int) throws(MalformedRequest) {
        guard !holdsNUL else {
            throw MalformedRequest(status: 400, reason: "A header field holds a NUL.")
        }
        guard byteCount <= maximumBytes else {
            throw MalformedRequest(
                status: 431, reason: "The header fields are larger than \(maximumBytes) bytes.")
        }
    }

    private mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        fields.append(
            (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        byteCount += name.count + value.count
        holdsNUL = holdsNUL || name.contains(0) || value.contains(0)
    }
}
