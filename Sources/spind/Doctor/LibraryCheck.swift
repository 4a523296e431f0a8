import Glibc
import Tensors

/// Which C libraries the process has, by what they themselves say.
///
/// They are asked by name, so that neither their headers nor the modules that wrap them are needed.
struct LibraryCheck {
    private typealias Text = UnsafePointer<CChar>?

    var finding: Finding {
        // Loads OpenBLAS.
        _ = Machine.current.blasKernel
        let found = [
            ("SQLite", Self.text("sqlite3_libversion")),
            ("libmicrohttpd", Self.text("MHD_get_version")), ("GnuTLS", Self.gnuTLS),
            ("PCRE2", Self.pcre2),
            // "OpenBLAS 0.3.21 NO_LAPACKE …"
            ("OpenBLAS", Self.text("openblas_get_config", in: ["libopenblas.so.0"])?.word(1)),
            // "libcurl/7.88.1 GnuTLS/3.7.9 …"
            (
                "libcurl",
                Self.text("curl_version", in: ["libcurl.so.4", "libcurl-gnutls.so.4"])?
                    .word(0).split(separator: "/").last.map(String.init)
            ),
        ]
        return .ok(
            "libraries", found.map { "\($0) \($1 ?? "is missing")" }.joined(separator: ", "))
    }

    /// - Parameter files: libraries that are loaded while the program runs; the first that is there
    ///   is asked.
    private static func text(_ function: String, in files: [String]? = nil) -> String? {
        typealias Function = @convention(c) () -> Text
        // Its type is that of the function in its library's header.
        return symbol(function, files).flatMap { unsafeBitCast($0, to: Function.self)() }
            .map { String(cString: $0) }
    }

    private static var gnuTLS: String? {
        typealias Function = @convention(c) (_ required: Text) -> Text
        return symbol("gnutls_check_version", nil)
            .flatMap { unsafeBitCast($0, to: Function.self)(nil) }.map { String(cString: $0) }
    }

    private static var pcre2: String? {
        typealias Function =
            @convention(c) (_ what: UInt32, _ text: UnsafeMutableRawPointer?) -> CInt
        // PCRE2_CONFIG_VERSION; a text such as "10.42 2022-12-11".
        let version: UInt32 = 11
        guard let symbol = symbol("pcre2_config_8", nil) else { return nil }
        let config = unsafeBitCast(symbol, to: Function.self)
        let length = Int(config(version, nil))
        guard length > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        _ = config(version, &bytes)
        return String(decoding: bytes.dropLast(), as: UTF8.self).word(0)
    }

    /// - Parameter files: nil for what the program is linked with.
    private static func symbol(_ name: String, _ files: [String]?) -> UnsafeMutableRawPointer? {
        guard let files else { return dlsym(nil, name) }
        let library = files.lazy.compactMap { dlopen($0, RTLD_NOW | RTLD_LOCAL) }.first
        return library.flatMap { dlsym($0, name) }
    }
}

extension String {
    fileprivate func word(_ index: Int) -> String {
        let words = split(separator: " ")
        return words.indices.contains(index) ? String(words[index]) : self
    }
}
