import Foundation

/// The files of a run's metrics: a line `milliseconds value position` for each value.
final class MetricFiles {
    private let folder: URL
    private var files: [String: BufferedFile] = [:]

    init(_ folder: URL) {
        self.folder = folder
    }

    func append(_ measurement: Measurement) throws {
        let (time, position) = (measurement.time.milliseconds, measurement.position)
        for value in measurement.values {
            // Infinities and NaN are spelled as Python reads them.
            let line = "\(time) \(value.value) \(position)\n"
            try file(measurement.path(value)).append(line.utf8)
        }
    }

    func close() throws {
        for file in files.values { try file.close() }
    }

    /// Made when there is something to write: MLflow takes an empty one for a damaged one.
    private func file(_ path: String) throws -> BufferedFile {
        if let file = files[path] { return file }
        let url = folder.appendingPathComponent(path)
        try NewFolder.make(url.deletingLastPathComponent())
        let file = try BufferedFile(url)
        files[path] = file
        return file
    }
}
