import Client
import Foundation
import SpinDomain

/// Standard output and standard error, without a buffer in between: what is watched through a pipe
/// comes at once.
enum Console {
    static func say(_ line: String) { write(line + "\n", to: .standardOutput) }

    static func say(_ lines: [String]) {
        if !lines.isEmpty { say(lines.joined(separator: "\n")) }
    }

    /// The bytes of an answer.
    static func say(_ answer: Answer) {
        let end: [UInt8] = answer.body.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]
        try? FileHandle.standardOutput.write(contentsOf: Data(answer.body + end))
    }

    /// For people, beside what a script takes.
    static func complain(_ line: String) { write(line + "\n", to: .standardError) }

    private static func write(_ text: String, to file: FileHandle) {
        try? file.write(contentsOf: Data(text.utf8))
    }
}
