import Jobs
import MicroHTTP
import SpinDomain

// Copies of the data folder.

extension Service {
    /// One at a time: the second waits in the line of slow answers.
    func makeBackup(_ call: Call) throws -> HTTPResponse {
        try runner.disk.require(0, for: "a backup")
        return .json(try copyData(clock.now()).json, status: 201)
    }
}

extension BackupRecord {
    var json: JSONValue {
        [
            "object": "backup", "path": .string(folder), "created_at": .string(createdAt.text),
            "bytes": .integer(bytes), "files": .integer(files.count),
            "outside": JSONValue(outside),
        ]
    }
}
