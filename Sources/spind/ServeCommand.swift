import API
import ArgumentParser
import Dispatch
import Foundation
import Jobs
import Logging
import MicroHTTP
import SelfPlay
import SpinDomain
import Storage
import Synchronization

/// `spind serve`: wires store, engine, runner and HTTP together.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the HTTP service.",
        discussion: """
            Everything lies in the data folder: spind.sqlite, datasets/, models/, checkpoints/.
            Kill it whenever you like: jobs go on from their last checkpoint at the next start.
            """)

    @Option(help: "The folder for the database, data sets and checkpoints; made if missing.")
    var dataDir: String

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes a free one.")
    var port = 8080

    @Option(
        name: .customLong("models-dir"),
        help: "A folder that models may be registered from, besides DATA-DIR/models; repeatable.")
    var modelsDirs: [String] = []

    @Option(help: "Threads for training; the default is the number of usable cores.")
    var threads: Int?

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port: 0 to 65535") }
        guard threads.map({ (1...256).contains($0) }) ?? true else {
            throw ValidationError("--threads: 1 to 256")
        }
    }

    func run() throws {
        let logger = Logger(label: "spind") { StreamLogHandler.standardError(label: $0) }
        let data = try prepareFolders()
        let clock = SystemClock()
        let store = try SQLiteStore(dataFolder: data)
        let engine = GameEngine(threads: threads, clock: clock)
        let runner = JobRunner(
            store: store, engine: engine, dataFolder: data, clock: clock,
            log: { Self.log($0, $1, $2, to: logger) })
        let isReady = Atomic(true)
        let server = try HTTPServer(
            serverConfiguration(data),
            handler: ServiceHandler(
                store: store, runner: runner, engine: engine,
                keys: try KeyRing(store: store, clock: clock), dataFolder: data,
                modelsFolders: [data + "/models"] + modelsDirs.map(Self.absolute), clock: clock,
                version: Spind.version, isReady: { isReady.load(ordering: .relaxed) },
                reportInternalError: { error, id in
                    logger.error("\(error)", metadata: ["request_id": "\(id)"])
                }))
        try runner.start()
        print("listening on http://\(host):\(server.port)")
        fflush(nil)
        logger.info("ready", metadata: ["data": "\(data)", "engine": "\(engine.summary)"])

        Self.waitForStop()
        logger.info("stopping: the running job is saved")
        isReady.store(false, ordering: .relaxed)
        let isSaved = runner.shutdown(deadlineSeconds: 60)
        server.stop()
        try store.close()
        if !isSaved { logger.warning("the job did not stop in time; its last checkpoint counts") }
    }

    private func prepareFolders() throws -> String {
        let data = Self.absolute(dataDir)
        for folder in ["", "/models", "/datasets", "/checkpoints", "/uploads"] {
            try FileManager.default.createDirectory(
                atPath: data + folder, withIntermediateDirectories: true)
        }
        return data
    }

    private func serverConfiguration(_ data: String) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.spoolFolder = URL(fileURLWithPath: data + "/uploads")
        return configuration
    }

    /// Returns at the first SIGTERM or SIGINT; a second one ends the process on the spot.
    private static func waitForStop() {
        let stop = DispatchSemaphore(value: 0)
        let signals = StopSignals { count in
            if count > 1 { _exit(130) }
            stop.signal()
        }
        withExtendedLifetime(signals) { stop.wait() }
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
}
