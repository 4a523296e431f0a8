import Foundation
import SpinDomain

/// Which server to talk to, and how to show who one is.
public struct ServerConnection: Sendable {
    /// What makes a certificate good.
    public enum Trust: Sendable, Equatable {
        case system
        /// A PEM file.
        case file(String)
        case anyone
    }

    public let address: ServerAddress
    let key: String?
    let trust: Trust

    public init(address: ServerAddress, key: String? = nil, trust: Trust = .system) {
        self.address = address
        self.key = key
        self.trust = trust
    }

    /// What the flags say, and where they say nothing, the environment.
    ///
    /// - Throws: `invalid`, `inputOutput`.
    public init(
        server: String?, keyFile: String?, trustFile: String?, trustsAnyone: Bool,
        environment: [String: String]
    ) throws {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        address = try ServerAddress(server ?? variable("SPIND_SERVER") ?? ServerAddress.usual)
        if let keyFile {
            key = try Self.key(inFile: keyFile)
        } else if let key = variable("SPIND_KEY") {
            self.key = try Self.checked(key, from: "SPIND_KEY")
        } else {
            key = try variable("SPIND_KEY_FILE").map(Self.key(inFile:))
        }
        if trustsAnyone {
            trust = .anyone
        } else {
            trust = (trustFile ?? variable("SPIND_CA_FILE")).map { .file($0) } ?? .system
        }
    }

    private static func key(inFile path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SpinError(.inputOutput, "the key file \(path) cannot be read")
        }
        return try checked(
            String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines),
            from: path)
    }

    /// A key goes into a header, where a line break would begin another one.
    private static func checked(_ key: String, from source: String) throws -> String {
        guard !key.isEmpty, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SpinError(
                .invalid, "\(source) holds no key",
                hint: "spind keys add prints one: spind_… on one line")
        }
        return key
    }
}
