import API
import ArgumentParser
import Dispatch
import DurableFiles
import Foundation
import Jobs
import Logging
import MicroHTTP
import Operating
import SelfPlay
import SpinDomain
import Storage
import Synchronization
import Webhooks

/// `spind serve`: wires store, engine, runner and HTTP together.
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
        let data = try Self.prepareFolders(settings)
        let clock = SystemClock()
        let store = try SQLiteStore(
            dataFolder: data, allowsNetworkFileSystem: settings.allowsNetworkFileSystem)
        let backups = settings.backupsDir.map(Self.absolute) ?? data + "/backups"
        try Backup.removeUnfinished(in: backups)
        let keys = try KeyRing(store: store, clock: clock, operatorKey: settings.adminKey)
        let texts = TextEngine(threads: settings.completionThreads, clock: clock)
        // A run counts the memory that is free when it begins.
        let engine = GameEngine(
            threads: settings.threads, clock: clock, measuresPeak: settings.probesSpeed,
            beforeRun: { texts.releaseModels() })
        let runner = JobRunner(
            store: store, engine: engine, dataFolder: data, clock: clock,
            disk: DiskSpace(folder: data, reserveBytes: settings.diskReserveMiB << 20),
            log: { Self.log($0, $1, $2, to: logger) })
        let access = try Self.accessRules(settings, keys)
        let isReady = Atomic(true)
        let handler = ServiceHandler(
            store: store, runner: runner, engine: engine, generator: texts, keys: keys,
            access: access, dataFolder: data,
            modelsFolders: [data + "/models"] + settings.modelsDirs.map(Self.absolute),
            clock: clock, version: Spind.version, webhooksAreOn: settings.allowsWebhooks,
            isReady: { isReady.load(ordering: .relaxed) },
            reportRequest: { request in
                if settings.logsAccess { Self.log(request, to: logger) }
            },
            makeBackup: Self.backupMaking(of: data, in: backups),
            reportInternalError: { error, id in
                logger.error("\(error)", metadata: ["request_id": "\(id)"])
            })
        let configuration = try Self.serverConfiguration(settings, data)
        let server = try HTTPServer(configuration, handler: handler)
        let webhooks = try Self.webhooks(settings, store, clock, logger)
        try runner.start()
        webhooks?.start()
        let stop = DispatchSemaphore(value: 0)
        let signals = Self.signals(
            stop, hangUp: { Self.renewCertificate(settings, server, logger) })
        let scheme = settings.tls == nil ? "http" : "https"
        print("listening on \(scheme)://\(settings.host):\(server.port)")
        fflush(nil)
        logger.info("ready", metadata: ["data": "\(data)", "engine": "\(engine.summary)"])

        withExtendedLifetime(signals) { stop.wait() }
        logger.info("stopping: the running job is saved")
        isReady.store(false, ordering: .relaxed)
        guard GracefulStop(seconds: settings.stopSeconds).run(runner, server) else {
            logger.warning("the job did not stop in time; it goes on from its last checkpoint")
            // Its thread still computes and writes, which an orderly end would pull the store from
            // under; what is stored is durable.
            _exit(0)
        }
        webhooks?.stop()
        try store.close()
    }

    private static func backupMaking(
        of data: String, in folder: String
    ) -> ServiceHandler.BackupMaking {
        { time in
            // A file's name: as RFC 3339 has it, without the colons.
            let name = "backup-" + time.text.filter { $0 != ":" }
            return try Backup.write(of: data, to: folder + "/" + name, at: time)
        }
    }

    /// Nil where clients may not have any.
    private static func webhooks(
        _ settings: ServeSettings, _ store: SQLiteStore, _ clock: SystemClock, _ logger: Logger
    ) throws -> WebhookDispatcher? {
        guard settings.allowsWebhooks else { return nil }
        return WebhookDispatcher(
            store: store,
            transport: try CurlTransport(allowsPrivate: settings.allowsPrivateWebhooks),
            clock: clock, log: { log($0, $1, $2, to: logger) })
    }

    private static func prepareFolders(_ settings: ServeSettings) throws -> String {
        let data = absolute(settings.dataDir)
        for folder in ["", "/models", "/datasets", "/checkpoints", "/uploads"] {
            try FileManager.default.createDirectory(
                atPath: data + folder, withIntermediateDirectories: true)
        }
        return data
    }

    /// - Throws: when others than this machine could come in, and need no key.
    private static func accessRules(
        _ settings: ServeSettings, _ keys: KeyRing
    ) throws -> AccessRules {
        let isOpen = settings.isForThisMachineOnly || settings.allowsAnonymous
        guard isOpen || !keys.isEmpty else {
            throw SpinError(
                .invalid,
                "on \(settings.host) everybody in the network could train, read and delete here: "
                    + "there is no API key",
                hint: "make one by: spind keys add --data-dir \(settings.dataDir) --name NAME "
                    + "--scope admin; or say --allow-anonymous")
        }
        var rules = AccessRules()
        rules.isOpenWithoutKeys = isOpen
        rules.hosts = HostRule(boundTo: settings.host, alsoNamed: settings.allowedHosts)
        rules.origins = OriginRule(allowing: settings.allowedOrigins)
        rules.requestsPerSecond = settings.requestsPerSecond
        return rules
    }

    private static func serverConfiguration(
        _ settings: ServeSettings, _ data: String
    ) throws -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.host = settings.host
        configuration.port = settings.port
        configuration.maximumConnectionsPerAddress = settings.connectionsPerAddress
        configuration.identity = try identity(settings)
        configuration.drainSeconds = GracefulStop.drainSeconds
        configuration.spoolFolder = URL(fileURLWithPath: data + "/uploads")
        return configuration
    }

    private static func identity(_ settings: ServeSettings) throws -> TLSIdentity? {
        try settings.tls.map {
            try TLSIdentity(certificateFile: $0.certificate, keyFile: $0.key)
        }
    }

    /// Reads the certificate's files again, as after their renewal.
    private static func renewCertificate(
        _ settings: ServeSettings, _ server: HTTPServer, _ logger: Logger
    ) {
        do {
            guard let identity = try identity(settings) else { return }
            try server.renew(identity)
            logger.info("new connections get the certificate as it is now")
        } catch {
            logger.error("the certificate stays as it was: \(error)")
        }
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

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    private static func log(
        _ level: JobEvent.Level, _ message: String, _ metadata: [String: String],
        to logger: Logger
    ) {
        let level: Logger.Level =
            switch level {
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        logger.log(
            level: level, "\(message)", metadata: metadata.mapValues { .string($0) })
    }

    private static func log(_ request: RequestRecord, to logger: Logger) {
        let status = request.status.map { "\($0)" } ?? "-"
        logger.info(
            "\(request.method) \(request.path) \(status)",
            metadata: [
                "request_id": "\(request.requestID)", "address": "\(request.remoteAddress)",
                "seconds": "\(request.seconds)", "complete": "\(request.isComplete)",
            ])
    }
}
