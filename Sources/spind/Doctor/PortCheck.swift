import MicroHTTP
import Operating
import SpinDomain

/// Whether a server can listen, or listens already.
struct PortCheck {
    let host: String
    let port: Int
    let usesTLS: Bool

    var finding: Finding {
        guard port != 0 else { return .ok("port", "any free one") }
        do {
            try HTTPServer.tryToListen(host: host, port: port)
            return .ok("port", "\(host):\(port) is free")
        } catch {
            guard isSpind else { return .failure("port", error) }
            return .ok("port", "a server answers at \(host):\(port)")
        }
    }

    private var isSpind: Bool {
        let name = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
        let authority = name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
        // Of one with TLS no more is known than that somebody listens.
        guard !usesTLS else { return true }
        let status = try? HealthProbe(url: "http://\(authority)/healthz").status()
        return status == 200
    }
}
