import API
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

/// What `spind serve` is made of, and how its parts fit together.
struct ServerParts: Sendable {
    /// The data folder, absolute.
    let data: String
    let store: SQLiteStore
    let engine: GameEngine
    let runner: JobRunner
    private let texts: TextEngine
    private let backups: String
    private let settings: ServeSettings
    private let clock = SystemClock()
    private let logger: Logger

    /// Makes the folders and opens the store; nothing runs yet.
    init(_ settings: ServeSettings, _ logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        data = try Self.prepareFolders(settings)
        store = try SQLiteStore(
            dataFolder: data, allowsNetworkFileSystem: settings.allowsNetworkFileSystem)
        backups = settings.backupsDir.map(Self.absolute) ?? data + "/backups"
        try Backup.removeUnfinished(in: backups)
        let texts = TextEngine(threads: settings.completionThreads, clock: clock)
        self.texts = texts
        // A run counts the memory that is free when it begins.
        engine = GameEngine(
            threads: settings.threads, clock: clock, measuresPeak: settings.probesSpeed,
            beforeRun: { texts.releaseModels() })
        runner = JobRunner(
            store: store, engine: engine, dataFolder: data, clock: clock,
            disk: DiskSpace(folder: data, reserveBytes: settings.diskReserveMiB << 20),
            log: logger.record)
    }

    private static func prepareFolders(_ settings: ServeSettings) throws -> String {
        let data = absolute(settings.dataDir)
        for folder in ["", "/models", "/datasets", "/checkpoints", "/uploads"] {
            try FileManager.default.createDirectory(
                atPath: data + folder, withIntermediateDirectories: true)
        }
        return data
    }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    // MARK: HTTP

    /// Listens as soon as it is made.
    func makeServer(_ readiness: Readiness) throws -> HTTPServer {
        let keys = try KeyRing(store: store, clock: clock, operatorKey: settings.adminKey)
        let access = try accessRules(keys)
        return try HTTPServer(
            serverConfiguration(), handler: makeHandler(keys, access, readiness))
    }

    private func makeHandler(
        _ keys: KeyRing, _ access: AccessRules, _ readiness: Readiness
    ) -> ServiceHandler {
        ServiceHandler(
            store: store, runner: runner, engine: engine, generator: texts, keys: keys,
            access: access, dataFolder: data,
            modelsFolders: [data + "/models"] + settings.modelsDirs.map(Self.absolute),
            clock: clock, version: Spind.version, webhooksAreOn: settings.allowsWebhooks,
            isReady: { readiness.isReady },
            reportRequest: { [logger, logsAccess = settings.logsAccess] request in
                if logsAccess { logger.record(request) }
            },
            makeBackup: makeBackup(at:),
            reportInternalError: { [logger] error, id in
                logger.error("\(error)", metadata: ["request_id": "\(id)"])
            })
    }

    private func makeBackup(at time: Timestamp) throws -> BackupRecord {
        // A file's name: as RFC 3339 has it, without the colons.
        let name = "backup-" + time.text.filter { $0 != ":" }
        return try Backup.write(of: data, to: backups + "/" + name, at: time)
    }

    /// - Throws: when others than this machine could come in, and need no key.
    private func accessRules(_ keys: KeyRing) throws -> AccessRules {
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

    private func serverConfiguration() throws -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.host = settings.host
        configuration.port = settings.port
        configuration.maximumConnectionsPerAddress = settings.connectionsPerAddress
        configuration.identity = try readIdentity()
        configuration.drainSeconds = GracefulStop.drainSeconds
        configuration.spoolFolder = URL(fileURLWithPath: data + "/uploads")
        return configuration
    }

    private func readIdentity() throws -> TLSIdentity? {
        try settings.tls.map {
            try TLSIdentity(certificateFile: $0.certificate, keyFile: $0.key)
        }
    }

    /// Reads the certificate's files again, as after their renewal.
    func renewCertificate(of server: HTTPServer) {
        do {
            guard let identity = try readIdentity() else { return }
            try server.renew(identity)
            logger.info("new connections get the certificate as it is now")
        } catch {
            logger.error("the certificate stays as it was: \(error)")
        }
    }

    // MARK: Webhooks

    /// Nil where clients may not have any.
    func makeWebhooks() throws -> WebhookDispatcher? {
        guard settings.allowsWebhooks else { return nil }
        return WebhookDispatcher(
            store: store,
            transport: try CurlTransport(allowsPrivate: settings.allowsPrivateWebhooks),
            clock: clock, log: logger.record)
    }
}

/// Whether the server takes new work; not any more once it is on its way down.
final class Readiness: Sendable {
    private let ready = Atomic(true)

    var isReady: Bool { ready.load(ordering: .relaxed) }

    func end() { ready.store(false, ordering: .relaxed) }
}

extension Logger {
    fileprivate func record(
        _ level: JobEvent.Level, _ message: String, _ metadata: [String: String]
    ) {
        let level: Level =
            switch level {
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        log(level: level, "\(message)", metadata: metadata.mapValues { .string($0) })
    }

    fileprivate func record(_ request: RequestRecord) {
        let status = request.status.map { "\($0)" } ?? "-"
        info(
            "\(request.method) \(request.path) \(status)",
            metadata: [
                "request_id": "\(request.requestID)", "address": "\(request.remoteAddress)",
                "seconds": "\(request.seconds)", "complete": "\(request.isComplete)",
            ])
    }
}
