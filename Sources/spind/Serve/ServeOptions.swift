import ArgumentParser
import Documents
import Foundation
import Operating
import SpinDomain

/// The flags of `spind serve`; what they may hold is the settings' business.
struct ServeOptions: ParsableArguments {
    @Option(help: "The folder for the database, data sets and checkpoints; made if missing.")
    var dataDir: String?

    @Option(help: "The address to listen on; default 127.0.0.1.")
    var host: String?

    @Option(help: "The port; default 8080; 0 takes a free one.")
    var port: String?

    @Option(
        help: "A folder that models may be registered from, besides DATA-DIR/models; repeatable.")
    var modelsDir: [String] = []

    @Option(help: "Threads for training; the default is the number of usable cores.")
    var threads: String?

    @Option(help: "Threads for the completion routes beside training; default 1.")
    var completionThreads: String?

    @Option(help: "Where POST /v1/backup puts its folders; the default is DATA-DIR/backups.")
    var backupsDir: String?

    @Option(
        help: """
            MiB that stay free on the disk: jobs pause before they take them, and go on later; \
            default \(ServeSettings.usualDiskReserveMiB).
            """)
    var diskReserve: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Accept a data folder on NFS, SMB and the like, where SQLite may lose data.")
    var allowNetworkFileSystem: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Measure the machine in the first job's first quarter of a second, for the MFU.")
    var speedProbe: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Let admins have events sent to URLs (POST /v1/webhooks); needs libcurl.")
    var allowWebhooks: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Let these URLs be in private networks and on this machine.")
    var allowPrivateWebhooks: Bool?

    @Option(help: "A name that Host may have, besides localhost and the bound address; repeatable.")
    var allowHost: [String] = []

    @Option(help: "A site whose pages may use the service, as https://dash.example; repeatable.")
    var allowOrigin: [String] = []

    @Flag(
        inversion: .prefixedNo,
        help: "Serve other machines though there is no API key: everybody may do everything.")
    var allowAnonymous: Bool?

    @Option(
        help: """
            Requests a second for each key or address, twice as many at once; 0 for no limit. \
            Default: none on loopback, 100 elsewhere.
            """)
    var rateLimit: String?

    @Option(
        help:
            "Connections that one address may hold; 0 for no limit. Default: none on loopback, 128."
    )
    var connectionsPerAddress: String?

    @Option(
        help: "A PEM file with the certificate and its chain, for HTTPS; SIGHUP reads it again.")
    var tlsCertificate: String?

    @Option(help: "A PEM file with the certificate's key.")
    var tlsKey: String?

    @Option(
        help:
            "Seconds a stop may take; a job not saved by then goes on from its checkpoint. Default 8."
    )
    var stopSeconds: String?

    @Option(help: "text or json; the default is text on a terminal, json elsewhere.")
    var logFormat: String?

    @Flag(inversion: .prefixedNo, help: "Log every request.")
    var accessLog: Bool?

    @Option(help: "A YAML file with settings: the names of these flags, with _ for -.")
    var config: String?

    /// Everything that is set, from all sources.
    func effective(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> EffectiveSettings {
        try EffectiveSettings(
            ServeSettings.all, flags: flags, environment: environment,
            file: (config ?? environment["SPIND_CONFIG"]).map(Self.read))
    }

    private var flags: [String: [String]] {
        func one(_ text: String?) -> [String] { text.map { [$0] } ?? [] }
        return [
            "data-dir": one(dataDir), "host": one(host), "port": one(port),
            "models-dir": modelsDir, "threads": one(threads),
            "completion-threads": one(completionThreads), "allow-host": allowHost,
            "allow-origin": allowOrigin, "allow-anonymous": one(allowAnonymous.map { "\($0)" }),
            "rate-limit": one(rateLimit), "connections-per-address": one(connectionsPerAddress),
            "tls-certificate": one(tlsCertificate), "tls-key": one(tlsKey),
            "stop-seconds": one(stopSeconds), "log-format": one(logFormat),
            "access-log": one(accessLog.map { "\($0)" }),
            "backups-dir": one(backupsDir), "disk-reserve": one(diskReserve),
            "allow-network-file-system": one(allowNetworkFileSystem.map { "\($0)" }),
            "allow-webhooks": one(allowWebhooks.map { "\($0)" }),
            "allow-private-webhooks": one(allowPrivateWebhooks.map { "\($0)" }),
            "speed-probe": one(speedProbe.map { "\($0)" }),
        ]
    }

    private static func read(_ path: String) throws -> (path: String, document: JSONValue) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SpinError(.inputOutput, "the configuration file \(path) cannot be read")
        }
        do {
            return (path, try DocumentReader.read(data, contentType: "application/yaml"))
        } catch let error as SpinError {
            throw SpinError(error.code, "\(path): \(error.message)", hint: error.hint)
        }
    }
}
