import Foundation
import Logging
import Operating
import SpinDomain

/// Writes each event as one line to standard error.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info
    private let isJSON: Bool

    /// - Parameter isJSON: nil for text on a terminal, and JSON elsewhere.
    init(isJSON: Bool?) {
        self.isJSON = isJSON ?? (isatty(STDERR_FILENO) == 0)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
            .sorted { $0.key < $1.key }.map { (name: $0.key, value: "\($0.value)") }
        let line = LogLine(
            time: SystemClock().now(), level: event.level.rawValue,
            message: event.message.description, fields: fields)
        let bytes = Array(((isJSON ? line.json : line.text) + "\n").utf8)
        // One call, so that lines of several threads do not mix; a log that cannot be written is
        // no reason to stop training.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
