import ArgumentParser
import Dispatch
import DurableFiles
import Foundation
import Jobs
import Logging
import MicroHTTP
import Operating
import SelfPlay
import Storage
import Webhooks

/// `spind serve`: from the settings to an orderly end.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the HTTP service.",
        discussion: """
            Everything lies in the data folder: spind.sqlite, datasets/, models/, checkpoints/.
            Kill it whenever you like: jobs go on from their last checkpoint at the next start.
            """)

    @OptionGroup var options: ServeOptions

    func validate() throws { try Failpoint.checkEnvironment() }

    func run() throws {
        // What people train on is nobody else's business.
        umask(0o077)
        let settings = try ServeSettings(options.effective())
        let logger = Logger(label: "spind") { _ in LineLogHandler(isJSON: settings.logsJSON) }
        let parts = try ServerParts(settings, logger)
        let readiness = Readiness()
        let server = try parts.makeServer(readiness)
        let webhooks = try parts.makeWebhooks()
        try parts.runner.start()
        webhooks?.start()
        let stop = DispatchSemaphore(value: 0)
        let signals = Self.signals(stop, hangUp: { parts.renewCertificate(of: server) })
        let scheme = settings.tls == nil ? "http" : "https"
        print("listening on \(scheme)://\(settings.host):\(server.port)")
        fflush(nil)
        logger.info(
            "ready", metadata: ["data": "\(parts.data)", "engine": "\(parts.engine.summary)"])

        withExtendedLifetime(signals) { stop.wait() }
        logger.info("stopping: the running job is saved")
        readiness.end()
        guard GracefulStop(seconds: settings.stopSeconds).run(parts.runner, server) else {
            logger.warning("the job did not stop in time; it goes on from its last checkpoint")
            // Its thread still computes and writes, which an orderly end would pull the store from
            // under; what is stored is durable.
            _exit(0)
        }
        webhooks?.stop()
        try parts.store.close()
    }

    /// Tells of the first SIGTERM or SIGINT; a second one ends the process on the spot.
    private static func signals(
        _ stop: DispatchSemaphore, hangUp: @escaping @Sendable () -> Void
    ) -> StopSignals {
        StopSignals(hangUp: hangUp) { count in
            if count > 1 { _exit(130) }
            stop.signal()
        }
    }
}
