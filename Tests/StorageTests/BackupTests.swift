import DurableFiles
import Foundation
import SpinDomain
import Storage
import Synchronization
import Testing

struct BackupTests {
    private let time = Timestamp(microseconds: 1_700_000_000_000_000)

    /// A data folder with a job, a checkpoint of one file, a data set and a model.
    private final class Place {
        let outer = FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-backup-\(UUID().uuidString)")
        let store: SQLiteStore
        let checkpoint: CheckpointRecord

        init() throws {
            let data = outer.appendingPathComponent("data")
            func write(_ path: String, _ text: String) throws -> WrittenFile {
                let url = data.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                return try DurableFile.write(Data(text.utf8), to: url)
            }
            store = try SQLiteStore(dataFolder: data.path)
            var records = RandomRecords(seed: 9)
            var job = records.job(id: "job_one")
            job.sources = RunSources(
                modelPath: data.path + "/models/tiny", datasetPath: data.path + "/datasets/d.jsonl")
            _ = try store.insert(job, idempotency: nil)
            _ = try write("models/tiny/config.json", "{}")
            _ = try write("models/tiny/more/weights", "weights")
            _ = try write("datasets/d.jsonl", "rows")
            let file = try write("checkpoints/job_one/step-00000001/model", "a checkpoint")
            var checkpoint = records.checkpoint(job: job.id, step: 1)
            checkpoint.path = data.path + "/checkpoints/job_one/step-00000001"
            checkpoint.files = [.init(name: file.name, bytes: file.bytes, sha256: file.sha256)]
            try store.insert(checkpoint: checkpoint)
            self.checkpoint = checkpoint
        }

        deinit {
            try? store.close()
            try? FileManager.default.removeItem(at: outer)
        }

        func folder(_ name: String) -> String { outer.appendingPathComponent(name).path }

        func names(in folder: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: self.folder(folder)).sorted()
        }
    }

    @Test func itHoldsWhatTheRowsNameAndIsADataFolder() throws {
        let place = try Place()
        let record = try Backup.write(
            of: place.store.dataFolder, to: place.folder("copy"), at: time)
        #expect(
            record.files.map(\.path) == [
                "checkpoints/job_one/step-00000001/model", "datasets/d.jsonl",
                "models/tiny/config.json", "models/tiny/more/weights", "spind.sqlite",
            ])
        #expect(try Verification.verify(folder: record.folder).problems == [])
        #expect(try place.names(in: "").filter { $0.hasSuffix(".partial") } == [])

        let copy = try SQLiteStore(dataFolder: record.folder)
        defer { try? copy.close() }
        #expect(try copy.job("job_one").sources.modelPath == record.folder + "/models/tiny")
        #expect(try copy.checkpoint(place.checkpoint.id).files == place.checkpoint.files)
        let events = { (store: SQLiteStore) in
            try store.events(job: "job_one", afterSequence: 0, limit: 99).elements
        }
        let (copied, original) = (try events(copy), try events(place.store))
        #expect(copied == original)
    }

    @Test func whatIsDeletedLaterStaysInTheBackup() throws {
        let place = try Place()
        let record = try Backup.write(
            of: place.store.dataFolder, to: place.folder("copy"), at: time)
        try FileManager.default.removeItem(atPath: place.folder("data/checkpoints"))
        try Data("changed by a person".utf8).write(
            to: URL(fileURLWithPath: place.folder("data/models/tiny/config.json")))
        #expect(try Verification.verify(folder: record.folder).problems == [])
        #expect(try Verification.verify(folder: place.folder("data")).problems.count == 1)
    }

    @Test func itIsConsistentWhileOthersWrite() throws {
        let place = try Place()
        let store = place.store
        let isDone = Mutex(false)
        let writer = Thread {
            var records = RandomRecords(seed: 4)
            var step = 0
            while !isDone.withLock({ $0 }) {
                let wave = (step..<step + 7).map { records.metrics(step: $0) }
                try? store.append(steps: wave, job: "job_one")
                step += 7
            }
        }
        writer.start()
        defer { isDone.withLock { $0 = true } }
        for round in 0..<5 {
            let record = try Backup.write(
                of: store.dataFolder, to: place.folder("copy-\(round)"), at: time)
            let copy = try SQLiteStore(dataFolder: record.folder)
            let rows = try copy.values(sql: "SELECT COUNT(*) % 7 FROM step_metric")
            // Whole transactions only.
            #expect(rows == ["0"])
            try copy.close()
        }
    }

    @Test func aDamagedCheckpointIsNamedAndNothingIsLeft() throws {
        let place = try Place()
        try Data("a chEckpoint".utf8).write(
            to: URL(fileURLWithPath: place.checkpoint.path + "/model"))
        let error = expectCode(.damagedFile) {
            try Backup.write(of: place.store.dataFolder, to: place.folder("copy"), at: time)
        }
        #expect(error?.message.contains(place.checkpoint.id) == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder("")) == ["data"])
        #expect(try Verification.verify(folder: place.folder("data")).problems.count == 1)
    }

    @Test func aCheckpointThatIsGoneIsNotPassedOver() throws {
        let place = try Place()
        try FileManager.default.removeItem(atPath: place.checkpoint.path)
        expectCode(.notFound) {
            try Backup.write(of: place.store.dataFolder, to: place.folder("copy"), at: time)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder("")) == ["data"])
    }

    @Test func aFolderThatExistsIsRefused() throws {
        let place = try Place()
        expectCode(.conflict) {
            try Backup.write(of: place.store.dataFolder, to: place.folder("data"), at: time)
        }
        expectCode(.inputOutput) {
            try Backup.write(of: place.folder("nothing"), to: place.folder("copy"), at: time)
        }
    }

    @Test func aChangedByteInABackupIsFound() throws {
        let place = try Place()
        let record = try Backup.write(
            of: place.store.dataFolder, to: place.folder("copy"), at: time)
        for path in ["models/tiny/more/weights", "checkpoints/job_one/step-00000001/model"] {
            let url = URL(fileURLWithPath: record.folder + "/" + path)
            var bytes = try Data(contentsOf: url)
            bytes[0] ^= 1
            try FileManager.default.removeItem(at: url)
            try bytes.write(to: url)
        }
        let problems = try Verification.verify(folder: record.folder).problems
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.contains("differs from what was written") })
    }
}
