import Exporting
import Foundation
import SpinDomain
import Testing

/// What TensorBoard itself makes of the files is for the end-to-end tests.
struct TensorBoardExportTests {
    private static let file = "job_one/events.out.tfevents.\(ScriptedHistory.birth).spind"

    /// The contents of a file's records, whose checksums must hold.
    private static func records(_ folder: TemporaryFolder) throws -> [[UInt8]] {
        var rest = [UInt8](try Data(contentsOf: folder.url.appending(path: file)))[...]
        func take(_ count: Int) throws -> [UInt8] {
            try #require(rest.count >= count)
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        func integer(_ bytes: [UInt8]) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        var records: [[UInt8]] = []
        while !rest.isEmpty {
            let length = try take(8)
            #expect(integer(try take(4)) == UInt64(CRC32C.masked(length)))
            let content = try take(Int(integer(length)))
            #expect(integer(try take(4)) == UInt64(CRC32C.masked(content)))
            records.append(content)
        }
        return records
    }

    @Test func aRunIsOneFileOfWholeRecords() throws {
        let folder = try TemporaryFolder()
        var history = ScriptedHistory()
        history.steps = (0..<3000).map { ScriptedHistory.step($0) }
        history.validations = [
            ValidationRecord(step: 0, iteration: 0, loss: 1, tokens: 5, seconds: 1)
        ]
        let run = try TensorBoardExport.write(history, to: folder.url)
        #expect(run.lastPathComponent == "job_one")
        #expect(try folder.files() == [Self.file])
        let records = try Self.records(folder)
        // The version, the configuration, the validation, and the steps.
        #expect(records.count == 1 + 1 + 1 + 3000)
        #expect(records[0].suffix(13) == Array("brain.Event:2".utf8)[...])
        let tag = Array("step/loss".utf8)
        #expect(records[3].indices.contains { records[3][$0...].starts(with: tag) })
    }

    @Test func theSameJobGivesTheSameBytes() throws {
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        var history = ScriptedHistory()
        history.steps = [ScriptedHistory.step(0, second: 7)]
        for folder in [first, second] { _ = try TensorBoardExport.write(history, to: folder.url) }
        #expect(try Self.records(first) == Self.records(second))
    }

    @Test func whatIsThereStays() throws {
        let folder = try TemporaryFolder()
        let kept = folder.url.appending(path: "job_one")
        try Data("kept".utf8).write(to: kept)
        let error = #expect(throws: SpinError.self) {
            try TensorBoardExport.write(ScriptedHistory(), to: folder.url)
        }
        #expect(error?.code == .conflict && error?.message.contains(kept.path) == true)
        #expect(try folder.text("job_one") == "kept")
    }

    @Test func aFailureLeavesNothing() throws {
        let folder = try TemporaryFolder()
        var history = ScriptedHistory()
        history.isBroken = true
        #expect(throws: ScriptedHistory.Broken.self) {
            try TensorBoardExport.write(history, to: folder.url)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }
}
