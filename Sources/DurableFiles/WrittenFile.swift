/// What was written, as the checkpoint's row in the store keeps it.
public struct WrittenFile: Sendable, Equatable, Codable {
    /// Without the folder.
    public let name: String
    public let bytes: Int
    /// 64 lower-case hexadecimal digits.
    public let sha256: String

    public init(name: String, bytes: Int, sha256: String) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
    }
}
