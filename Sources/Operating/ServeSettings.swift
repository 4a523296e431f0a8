import SpinDomain

/// What `spind serve` can be told, checked as a whole.
public struct ServeSettings: Sendable {
    public static let usualDiskReserveMiB = 64

    public static let all: [Setting] = [
        Setting("data-dir"),
        Setting("host", usual: "127.0.0.1"),
        Setting("port", .integer(0...65_535), usual: "8080"),
        Setting("models-dir", .texts),
        Setting("threads", .integer(1...256)),
        Setting("backups-dir"),
        Setting("disk-reserve", .integer(0...1 << 30), usual: "\(usualDiskReserveMiB)"),
        Setting("allow-network-file-system", .flag, usual: "false"),
        Setting("speed-probe", .flag, usual: "true"),
        Setting("allow-webhooks", .flag, usual: "false"),
        Setting("allow-private-webhooks", .flag, usual: "false"),
        Setting("completion-threads", .integer(1...256), usual: "1"),
        Setting("allow-host", .texts),
        Setting("allow-origin", .texts),
        Setting("allow-anonymous", .flag, usual: "false"),
        Setting("admin-key", isSecret: true),
        Setting("rate-limit", .number(0...1_000_000)),
        Setting("connections-per-address", .integer(0...100_000)),
        Setting("tls-certificate"),
        Setting("tls-key"),
        Setting("stop-seconds", .number(1...3600), usual: "8"),
        Setting("log-format", .choice(["text", "json"])),
        Setting("access-log", .flag, usual: "false"),
    ]

    public let dataDir: String
    public let host: String
    public let port: Int
    public let modelsDirs: [String]
    public let threads: Int?
    /// Nil for a folder in the data folder.
    public let backupsDir: String?
    /// What jobs leave free.
    public let diskReserveMiB: Int
    public let allowsNetworkFileSystem: Bool
    public let probesSpeed: Bool
    public let allowsWebhooks: Bool
    /// Whether they may go to private networks, where others must not reach.
    public let allowsPrivateWebhooks: Bool
    /// Of the texts that are written beside a run.
    public let completionThreads: Int
    public let allowedHosts: [String]
    public let allowedOrigins: [String]
    public let allowsAnonymous: Bool
    /// A key that is stored nowhere, for whoever cannot run `spind keys add` before the start.
    public let adminKey: String?
    /// Nil for no limit.
    public let requestsPerSecond: Double?
    /// Nil for no limit.
    public let connectionsPerAddress: Int?
    public let tls: (certificate: String, key: String)?
    public let stopSeconds: Double
    public let logsJSON: Bool?
    public let logsAccess: Bool

    /// - Throws: `invalid` when something is missing, or does not go with something else.
    public init(_ settings: EffectiveSettings) throws {
        var problems: [SpinError.FieldProblem] = []
        dataDir = settings.text("data-dir") ?? ""
        if dataDir.isEmpty {
            problems.append(
                .init(pointer: "--data-dir", detail: "missing: where everything is to be kept"))
        }
        host = settings.text("host") ?? ""
        port = settings.integer("port") ?? 0
        modelsDirs = settings.texts("models-dir")
        threads = settings.integer("threads")
        backupsDir = settings.text("backups-dir")
        diskReserveMiB = settings.integer("disk-reserve") ?? 0
        allowsNetworkFileSystem = settings.isOn("allow-network-file-system")
        probesSpeed = settings.isOn("speed-probe")
        allowsWebhooks = settings.isOn("allow-webhooks")
        allowsPrivateWebhooks = settings.isOn("allow-private-webhooks")
        completionThreads = settings.integer("completion-threads") ?? 1
        allowedHosts = settings.texts("allow-host")
        allowedOrigins = settings.texts("allow-origin")
        allowsAnonymous = settings.isOn("allow-anonymous")
        adminKey = settings.text("admin-key")
        if let adminKey, adminKey.utf8.count < Self.minimumKeyLength {
            problems.append(
                .init(
                    pointer: settings.value("admin-key")?.source.description ?? "",
                    detail: "a key has at least \(Self.minimumKeyLength) characters; "
                        + "openssl rand -hex 32 makes one"))
        }
        switch (settings.text("tls-certificate"), settings.text("tls-key")) {
        case (nil, nil): tls = nil
        case (let certificate?, let key?): tls = (certificate, key)
        case (nil, _), (_, nil):
            tls = nil
            problems.append(
                .init(pointer: "--tls-certificate", detail: "goes with --tls-key, and not alone"))
        }
        let isLocal = Self.isLoopback(host)
        let rate = settings.number("rate-limit") ?? (isLocal ? 0 : Self.usualRateForOthers)
        requestsPerSecond = rate > 0 ? rate : nil
        let connections =
            settings.integer("connections-per-address")
            ?? (isLocal ? 0 : Self.usualConnectionsForOthers)
        connectionsPerAddress = connections > 0 ? connections : nil
        stopSeconds = settings.number("stop-seconds") ?? 0
        logsJSON = settings.text("log-format").map { $0 == "json" }
        logsAccess = settings.isOn("access-log")
        guard problems.isEmpty else {
            throw SpinError.invalid("what is set", problems: problems)
        }
    }

    /// Requests a second, where others than this machine can come in.
    private static let usualRateForOthers = 100.0
    /// A quarter of all that the server holds.
    private static let usualConnectionsForOthers = 128
    /// 128 bits in hexadecimal digits; nobody can try them all.
    private static let minimumKeyLength = 32

    /// Whether only this machine can reach the address.
    public var isForThisMachineOnly: Bool { Self.isLoopback(host) }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
