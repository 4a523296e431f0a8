import CGnuTLS
import Foundation

/// A certificate, with the chain that belongs to it, and its key: as PEM texts that GnuTLS takes.
public struct TLSIdentity: Sendable {
    let certificate: String
    let key: String

    /// Reads both files.
    ///
    /// - Throws: `HTTPServerError.badIdentity` that says which file is at fault, or that the two do
    ///   not belong together.
    public init(certificateFile: String, keyFile: String) throws(HTTPServerError) {
        certificate = try Self.read(certificateFile)
        key = try Self.read(keyFile)
        try check(certificateFile, keyFile)
    }

    private static func read(_ file: String) throws(HTTPServerError) -> String {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw .badIdentity("\(file) cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8), text.contains("-----BEGIN ") else {
            throw .badIdentity("\(file) is no PEM file (it has no -----BEGIN line)")
        }
        return text
    }

    private func check(
        _ certificateFile: String, _ keyFile: String
    ) throws(HTTPServerError) {
        var credentials: gnutls_certificate_credentials_t?
        guard gnutls_certificate_allocate_credentials(&credentials) == GNUTLS_E_SUCCESS else {
            throw .badIdentity("GnuTLS has no memory")
        }
        defer { gnutls_certificate_free_credentials(credentials) }
        let result = Self.withDatum(certificate) { certificate in
            Self.withDatum(key) { key in
                gnutls_certificate_set_x509_key_mem(
                    credentials, certificate, key, GNUTLS_X509_FMT_PEM)
            }
        }
        guard result < 0 else { return }
        let reason = String(cString: gnutls_strerror(result))
        throw .badIdentity("\(certificateFile) with the key \(keyFile): \(reason)")
    }

    private static func withDatum(
        _ text: String, _ body: (UnsafePointer<gnutls_datum_t>) -> Int32
    ) -> Int32 {
        var bytes = Array(text.utf8)
        return bytes.withUnsafeMutableBufferPointer { buffer in
            var datum = gnutls_datum_t(data: buffer.baseAddress, size: UInt32(buffer.count))
            return body(&datum)
        }
    }
}
