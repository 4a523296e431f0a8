import Foundation
import SpinDomain

/// The folders that the service may touch on behalf of a client.
struct Folders: Sendable {
    /// Uploaded data sets.
    let datasets: URL
    /// Where models may lie.
    let models: [String]

    init(data: String, models: [String]) {
        datasets = URL(fileURLWithPath: data).appendingPathComponent("datasets")
        self.models = models
    }

    /// The real path of a file or folder that lies, links followed, within a models folder.
    ///
    /// - Parameter path: absolute, or relative to one of the models folders.
    /// - Throws: `invalid`; whether anything exists elsewhere is not told.
    func modelPath(_ path: String) throws -> String {
        let roots = models.compactMap(Self.realPath)
        let candidates =
            path.hasPrefix("/") ? [path] : models.map { $0 + "/" + path }
        for candidate in candidates {
            guard let real = Self.realPath(candidate) else { continue }
            if roots.contains(where: { real.hasPrefix($0 + "/") }) { return real }
        }
        throw SpinError.invalid(
            "the model",
            problems: [
                .init(
                    pointer: "/path", detail: "no file or folder of this name is in a models folder"
                )
            ], hint: modelsHint)
    }

    /// Where a client may put models.
    var modelsHint: String { "models folders: \(models.joined(separator: ", "))" }

    /// Absolute, without links, `.` and `..`; nil when nothing is there.
    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
