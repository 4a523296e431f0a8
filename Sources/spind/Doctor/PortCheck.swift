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
        // Of one with TLS no more is known than that somebody listens.
        guard !usesTLS else { return true }
        let probe = HealthProbe(listeningAt: host, port: port, path: "/healthz")
        return (try? probe.status()) == 200
    }
}
