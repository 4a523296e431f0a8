public import Foundation
public import SpinDomain

/// Writes a job as a run of TensorBoard.
public enum TensorBoardExport {
    /// Makes the folder of a run, named after the job, in a log folder that may hold others.
    ///
    /// The tags are `step/…`, `validation/…` and `iteration/…`; the configuration is the text
    /// `configuration`. The same job gives the same bytes.
    /// - Returns: the run's folder.
    /// - Throws: `conflict` when it is there already; `inputOutput`, `diskFull`. Nothing is left
    ///   then.
    public static func write(_ history: any JobHistory, to logFolder: URL) throws -> URL {
        let job = history.job
        let run = logFolder.appendingPathComponent(job.id, isDirectory: true)
        try NewFolder.write(run) { folder in
            let file = try EventFile(folder.appendingPathComponent(fileName(of: job)))
            try file.append(EventMessage.version(at: job.createdAt))
            try file.append(
                EventMessage.text("configuration", markdown(job), at: job.createdAt))
            var described: Set<String> = []
            try Measurements(of: history).forEach { measurement in
                try file.append(
                    EventMessage.scalars(measurement) { value in
                        guard described.insert(measurement.path(value)).inserted else {
                            return nil
                        }
                        return description(of: value, measurement.group)
                    })
            }
            try file.close()
        }
        return run
    }

    /// Other programs have seconds and the machine's name there.
    private static func fileName(of job: Job) -> String {
        "events.out.tfevents.\(job.createdAt.microseconds / 1_000_000).spind"
    }

    /// Indented by four spaces, which is Markdown for text that stays as it is.
    private static func markdown(_ job: Job) -> String {
        job.configuration.json.indentedText.split(separator: "\n").map { "    \($0)\n" }.joined()
    }

    private static func description(
        of value: Measurement.Value, _ group: Measurement.Group
    ) -> String? {
        guard group == .step else { return nil }
        return MetricDefinition.all.first { $0.name == value.name }.map {
            "\($0.formula) (\($0.unit))"
        }
    }
}
