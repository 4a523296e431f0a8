import API
import ArgumentParser
import Foundation
import SpinDomain
import Storage

/// `spind keys`: API keys of a data folder that no server has open, above all the first one.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list or revoke API keys.",
        discussion: """
            While a server has the data folder, use its routes instead: POST /v1/keys,
            GET /v1/keys, DELETE /v1/keys/ID, with a key of scope admin.
            """,
        subcommands: [AddKeyCommand.self, ListKeysCommand.self, RevokeKeyCommand.self])

    /// Opens the folder for as long as `body` takes.
    ///
    /// - Parameter mustExist: whether a missing folder is an error.
    static func withKeys(
        of dataFolder: String, mustExist: Bool, _ body: (KeyRing) throws -> Void
    ) throws {
        if mustExist, !FileManager.default.fileExists(atPath: dataFolder + "/spind.sqlite") {
            throw SpinError(.notFound, "there is no data folder \(dataFolder)")
        }
        umask(0o077)
        let store: SQLiteStore
        do {
            store = try SQLiteStore(dataFolder: dataFolder)
        } catch let error as SpinError where error.code == .conflict {
            throw SpinError(
                .conflict, error.message,
                hint: "with the server running, use POST /v1/keys with an admin's key; or stop it "
                    + "first: jobs go on where they were")
        }
        try body(KeyRing(store: store, clock: SystemClock()))
        try store.close()
    }
}

struct AddKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a key and print it; it cannot be shown again.")

    @Option(help: "The data folder; made if missing.")
    var dataDir: String

    @Option(help: "Whose key it is, or what for.")
    var name: String

    @Option(help: "What it allows: read, submit (includes read) or admin (everything).")
    var scope: String

    @Option(help: "After how many days it stops to count; the default is never.")
    var expiresInDays: Double?

    func run() throws {
        let request = try KeyRequest(json: [
            "name": .string(name), "scope": .string(scope),
            "expires_in_days": JSONValue(expiresInDays),
        ])
        try KeysCommand.withKeys(of: dataDir, mustExist: false) { keys in
            let made = try keys.issue(request)
            // Alone on standard output, so that a script can take it.
            print(made.text)
            FileHandle.standardError.write(
                Data("the key \(made.key.id), shown only now\n".utf8))
        }
    }
}

struct ListKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys, without their secrets.")

    @Option(help: "The data folder.")
    var dataDir: String

    func run() throws {
        try KeysCommand.withKeys(of: dataDir, mustExist: true) { keys in
            for key in keys.keys {
                let end = key.expiresAt.map { "until \($0.text)" } ?? "does not expire"
                print("\(key.id)  \(key.scope.rawValue)  \(end)  \(key.name)")
            }
        }
    }
}

struct RevokeKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make a key count no longer.")

    @Argument(help: "The key's id, as spind keys list shows it.")
    var id: String

    @Option(help: "The data folder.")
    var dataDir: String

    func run() throws {
        try KeysCommand.withKeys(of: dataDir, mustExist: true) { keys in
            try keys.revoke(id, keepsAnAdmin: false)
        }
    }
}
