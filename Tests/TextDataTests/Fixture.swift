import Foundation
import SpinDomain
import Testing
import TextData

/// A committed file of `Fixtures/`, made by `make_fixtures.py`.
struct Fixture {
    let url: URL

    init(_ name: String) throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        url = folder.appendingPathComponent(name)
    }

    func bytes() throws -> [UInt8] {
        Array(try Data(contentsOf: url))
    }

    func json() throws -> JSONValue {
        try JSONParser.parse(try bytes())
    }
}

/// The read-only folder with golden numbers beside the repository, where a machine has it.
struct SharedFolder {
    let url: URL

    /// nil, with a printed reason, where the folder is absent.
    init?(_ path: String) {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let root =
            ProcessInfo.processInfo.environment["SPIND_SHARED"].map { URL(fileURLWithPath: $0) }
            ?? repository.deletingLastPathComponent().appendingPathComponent("shared")
        url = root.appendingPathComponent(path)
        guard FileManager.default.fileExists(atPath: url.path) else {
            print("skipped: no folder \(url.path); set SPIND_SHARED")
            return nil
        }
    }

    /// A file's bytes, unpacked when only `name.xz` is there.
    func bytes(_ name: String) throws -> [UInt8] {
        let file = url.appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: file.path) {
            return Array(try Data(contentsOf: file))
        }
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["xz", "-dc", file.path + ".xz"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(data)
    }

    func json(_ name: String) throws -> JSONValue {
        try JSONParser.parse(try bytes(name))
    }
}

extension JSONValue {
    /// A list of strings, for fixtures.
    func strings() throws -> [String] {
        try #require(array).map { try #require($0.string) }
    }

    /// A list of ids, for fixtures.
    func ids() throws -> [Int32] {
        try #require(array).map { Int32(try #require($0.integer)) }
    }

    func idLists() throws -> [[Int32]] {
        try #require(array).map { try $0.ids() }
    }
}

/// The scalars of a text: `==` on strings would not see a difference in normal form.
func scalars(_ text: String) -> [UInt32] {
    text.unicodeScalars.map(\.value)
}
