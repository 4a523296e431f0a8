import Foundation
import Testing

/// The Python that scripts/setup-python has made, or the system's.
enum Python {
    static let path = ProcessInfo.processInfo.environment["SPIND_PYTHON"] ?? "python3"
    private static let env = URL(fileURLWithPath: "/usr/bin/env")

    static func has(_ modules: String) -> Bool {
        let result = try? Program.run([path, "-c", "import \(modules)"], program: env)
        return result?.status == 0
    }

    /// Runs a script of `Scripts/`, expects it to succeed, and returns its output.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Scripts/" + script).standardizedFileURL.path
        let result = try Program.run([path, file] + arguments, program: env)
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }
}
