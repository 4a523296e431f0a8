/// A backup that is there whole, with every file checked.
public struct BackupRecord: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        /// Within the backup.
        public var path: String
        public var bytes: Int
        public var sha256: String

        public init(path: String, bytes: Int, sha256: String) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// Absolute.
    public var folder: String
    public var createdAt: Timestamp
    public var files: [File]
    /// What jobs or registrations name and what lies outside of the data folder: not in the backup.
    public var outside: [String]

    public init(folder: String, createdAt: Timestamp, files: [File], outside: [String]) {
        self.folder = folder
        self.createdAt = createdAt
        self.files = files
        self.outside = outside
    }

    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }
}
