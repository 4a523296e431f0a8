public import Foundation

/// Where a server listens and what it grants its clients.
public struct HTTPServerConfiguration: Sendable {
    /// A numeric IPv4 or IPv6 address, or `localhost`.
    public var host = "127.0.0.1"
    /// 0 takes a free port.
    public var port = 0
    public var threads = 2
    /// Connections over this wait in the kernel's queue until another one ends.
    public var maximumConnections = 512
    /// Further connections of an address are closed at once; nil for no limit.
    public var maximumConnectionsPerAddress: Int?
    /// For HTTPS, TLS 1.2 and newer; nil for plain HTTP.
    public var identity: TLSIdentity?
    /// Longer targets are refused with 414.
    public var maximumTargetBytes = 8 << 10
    /// More bytes of header fields are refused with 431.
    public var maximumHeaderBytes = 32 << 10
    /// A connection without traffic is closed after this time.
    public var idleSeconds = 15
    /// A head that is not complete after this time ends the connection.
    public var headSeconds = 10.0
    /// A body may be late by this time before its rate counts.
    public var bodyGraceSeconds = 30.0
    /// A body slower than this, in bytes per second, ends the connection.
    public var minimumBodyRate = 16 << 10
    /// How much of a too long body of unknown length is read to deliver the 413.
    public var maximumDiscardedBytes = 1 << 20
    /// How long `stop` waits for answers under way.
    public var drainSeconds = 10.0
    /// Where bodies are spooled, an existing folder.
    ///
    /// A body can be kept by renaming its file within it.
    public var spoolFolder = FileManager.default.temporaryDirectory

    public init() {}
}
