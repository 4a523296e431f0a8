import GRDB
import SpinDomain

extension CheckpointRecord: StoredRecord {
    static let table = Table(
        name: "checkpoint",
        columns: [
            "id", "job", "step", "iteration", "is_iteration_end", "path", "files",
            "validation_loss", "created_at", "is_pinned", "note",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(
            id: try reader.next(), jobID: try reader.next(), step: try reader.next(),
            iteration: try reader.next(), isIterationEnd: try reader.next(),
            path: try reader.next(), files: try Self.files(try reader.json()),
            validationLoss: try reader.optional(), createdAt: try reader.time(),
            isPinned: try reader.next(), note: try reader.optional())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            id, jobID, step, iteration, isIterationEnd, path, Self.json(files).text,
            validationLoss, createdAt.microseconds, isPinned, note,
        ]
    }

    func mappingPaths(_ map: (String) -> String) -> CheckpointRecord {
        var checkpoint = self
        checkpoint.path = map(path)
        return checkpoint
    }

    private static func json(_ files: [File]) -> JSONValue {
        .array(
            files.map {
                [
                    "name": .string($0.name), "bytes": .integer($0.bytes),
                    "sha256": .string($0.sha256),
                ]
            })
    }

    private static func files(_ json: JSONValue) throws -> [File] {
        try (json.array ?? []).map { file in
            guard let name = file["name"]?.string, let bytes = file["bytes"]?.integer,
                let sha256 = file["sha256"]?.string
            else {
                throw SpinError.damaged("spind.sqlite", "the files of a checkpoint cannot be read")
            }
            return File(name: name, bytes: bytes, sha256: sha256)
        }
    }
}
