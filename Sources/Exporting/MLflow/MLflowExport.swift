public import Foundation
public import SpinDomain

/// Writes a job as a run of MLflow's file store.
///
/// A file for every metric, parameter and tag, named after it, and `meta.yaml` for what is left.
public enum MLflowExport {
    /// The letters of "spind" as numbers: MLflow draws eighteen digits, so that none of its own
    /// experiments has these.
    static let experimentID = "115112105110100"
    static let experimentName = "spind"

    /// Makes the folder of a run, named after the job, in the experiment `spind`.
    ///
    /// - Parameter store: MLflow's folder, as `mlruns`; may hold other runs and experiments.
    /// - Returns: the run's folder.
    /// - Throws: `conflict` when it is there already; `inputOutput`, `diskFull`. Nothing but the
    ///   experiment is left then.
    public static func write(_ history: any JobHistory, to store: URL) throws -> URL {
        let experiment = store.appendingPathComponent(experimentID, isDirectory: true)
        let run = experiment.appendingPathComponent(history.job.id, isDirectory: true)
        try writeExperiment(experiment, history.job)
        try NewFolder.write(run) { folder in
            let metrics = MetricFiles(folder.appendingPathComponent("metrics", isDirectory: true))
            var end = history.job.createdAt
            try Measurements(of: history).forEach { measurement in
                try metrics.append(measurement)
                end = max(end, measurement.time)
            }
            try metrics.close()
            try RunFiles(job: history.job, lastMeasured: end).write(to: folder, publishedAs: run)
        }
        return run
    }

    private static func writeExperiment(_ folder: URL, _ job: Job) throws {
        let file = folder.appendingPathComponent(MetaFile.name)
        guard !FileManager.default.fileExists(atPath: file.path) else { return }
        try NewFolder.make(folder)
        try MetaFile.write(
            [
                ("artifact_location", .string(folder.absoluteString)),
                ("creation_time", .integer(job.createdAt.milliseconds)),
                ("experiment_id", .string(experimentID)),
                ("last_update_time", .integer(job.createdAt.milliseconds)),
                ("lifecycle_stage", "active"), ("name", .string(experimentName)),
            ], to: folder)
    }
}

/// The description of a run or of an experiment.
enum MetaFile {
    static let name = "meta.yaml"

    /// JSON's values are YAML's, too.
    static func write(_ fields: [(String, JSONValue)], to folder: URL) throws {
        let file = try BufferedFile(folder.appendingPathComponent(name))
        for (key, value) in fields { try file.append("\(key): \(value.text)\n".utf8) }
        try file.close()
    }
}

extension Timestamp {
    var milliseconds: Int { microseconds / 1000 }
}
