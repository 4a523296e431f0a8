import Foundation

/// The Python that scripts/setup-python has made, or the system's.
enum Python {
    static let path = ProcessInfo.processInfo.environment["SPIND_PYTHON"] ?? "python3"

    static func has(_ modules: String) -> Bool {
        let result = try? Program.run(
            [path, "-c", "import \(modules)"], program: URL(fileURLWithPath: "/usr/bin/env"))
        return result?.status == 0
    }
}
