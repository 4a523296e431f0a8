import CCurl
import SpinDomain

/// One request and its answer, by libcurl.
struct Transfer {
    private static let isLoaded = spind_curl_load()
    private static let connectMilliseconds = 5_000

    let connection: ServerConnection
    let method: String
    /// With its query.
    let path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// How long nothing may come.
    var silenceSeconds = 30

    /// The answer, which may be an error's.
    ///
    /// - Parameter receiver: gets the body in pieces, where the status is 200; false ends the
    ///   transfer. Without one the answer has the body.
    /// - Throws: `ClientError` where no whole answer came, and what `receiver` throws.
    func perform(_ receiver: Reception.Receiver? = nil) throws -> Answer {
        guard Self.isLoaded, let handle = spind_curl_new(method, connection.address.url + path)
        else {
            throw SpinError(
                .unsupported, "talking to a server needs libcurl, which is not installed",
                hint: "apt-get install libcurl4")
        }
        defer { spind_curl_free(handle) }
        prepare(handle)
        let reception = Reception(receiver)
        reception.attach(to: handle)
        let end = withExtendedLifetime(reception) { spind_curl_perform(handle) }
        if let failure = reception.failure { throw failure }
        guard end == SPIND_CURL_COMPLETE.rawValue || reception.hasEnough else {
            throw error(end, String(cString: spind_curl_problem(handle)))
        }
        return reception.answer
    }

    private func prepare(_ handle: OpaquePointer) {
        var lines = headers.map { "\($0.name): \($0.value)" }
        if let key = connection.key { lines.append("Authorization: Bearer \(key)") }
        // Without it libcurl asks whether a long body may come, and waits.
        lines.append("Expect:")
        for line in lines { spind_curl_add_header(handle, line) }
        if method != "GET" {
            (body ?? []).withUnsafeBytes { bytes in
                let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                spind_curl_set_body(handle, start, bytes.count)
            }
        }
        spind_curl_set_patience(handle, Self.connectMilliseconds, silenceSeconds * 1000, 0)
        if connection.address.isThisMachine { spind_curl_go_straight(handle) }
        switch connection.trust {
        case .system: break
        case .file(let path): spind_curl_trust(handle, path)
        case .anyone: spind_curl_trust_anyone(handle)
        }
    }

    private func error(_ end: Int32, _ reason: String) -> any Error {
        let address = connection.address
        switch spind_curl_end(UInt32(end)) {
        case SPIND_CURL_NO_HOST, SPIND_CURL_NO_CONNECTION:
            return ClientError(
                .unreachable, "no server answers at \(address) (\(reason))",
                hint: address.isThisMachine
                    ? "start one by: spind serve --data-dir DIR; or say where it is by --server"
                    : "is it running there? --server or SPIND_SERVER says where to look")
        case SPIND_CURL_UNTRUSTED:
            return SpinError(
                .inputOutput, "the certificate of \(address) is not trusted (\(reason))",
                hint: "--ca-file FILE trusts the certificates in FILE; --insecure trusts anyone")
        case SPIND_CURL_NO_TLS:
            return SpinError(
                .inputOutput, "no safe connection to \(address) (\(reason))",
                hint: "does it speak https? Without a certificate it is http://")
        case SPIND_CURL_BAD_URL, SPIND_CURL_BAD_TRUST_FILE:
            return SpinError(.invalid, "\(address) cannot be used (\(reason))")
        default:
            return ClientError(
                .lost, "the connection to \(address) was lost (\(reason))",
                hint: "is this the right scheme, http or https?")
        }
    }
}
