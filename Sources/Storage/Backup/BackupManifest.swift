import SpinDomain

/// `manifest.json` of a backup: every file with its digest.
enum BackupManifest {
    static let fileName = "manifest.json"
    private static let formatVersion = 1

    static func json(_ record: BackupRecord) -> JSONValue {
        [
            "object": "backup", "format_version": .integer(formatVersion),
            "created_at": .string(record.createdAt.text),
            "files": .array(
                record.files.map {
                    [
                        "path": .string($0.path), "bytes": .integer($0.bytes),
                        "sha256": .string($0.sha256),
                    ]
                }), "outside": JSONValue(record.outside),
        ]
    }

    /// - Throws: `damagedFile`.
    static func files(in json: JSONValue) throws -> [BackupRecord.File] {
        guard json["format_version"]?.integer == formatVersion, let files = json["files"]?.array
        else { throw SpinError.damaged(fileName, "is no manifest that this program can read") }
        return try files.map { file in
            guard let path = file["path"]?.string, let bytes = file["bytes"]?.integer,
                let sha256 = file["sha256"]?.string, !path.hasPrefix("/"), !path.contains("..")
            else { throw SpinError.damaged(fileName, "describes a file wrongly") }
            return BackupRecord.File(path: path, bytes: bytes, sha256: sha256)
        }
    }
}
