import Foundation
import SpinDomain

/// What MLflow knows of a run besides its metrics.
struct RunFiles {
    /// MLflow cuts off what is longer.
    private static let longestParameter = 6000

    let job: Job
    let lastMeasured: Timestamp

    /// - Parameter final: where the folder will be.
    func write(to folder: URL, publishedAs final: URL) throws {
        for (name, text) in parameters { try write(text, "params", name, folder) }
        for (name, text) in tags { try write(text, "tags", name, folder) }
        try write(
            job.configuration.json.indentedText, "artifacts", "configuration.json", folder)
        try MetaFile.write(meta(final), to: folder)
    }

    private func write(
        _ text: String, _ kind: String, _ name: String, _ folder: URL
    ) throws {
        let parent = folder.appendingPathComponent(kind, isDirectory: true)
        try NewFolder.make(parent)
        let file = try BufferedFile(parent.appendingPathComponent(name))
        try file.append(text.utf8)
        try file.close()
    }

    private func meta(_ final: URL) -> [(String, JSONValue)] {
        let artifacts = final.appendingPathComponent("artifacts", isDirectory: false)
        return [
            ("artifact_uri", .string(artifacts.absoluteString)),
            ("end_time", JSONValue(endTime?.milliseconds)), ("entry_point_name", ""),
            ("experiment_id", .string(MLflowExport.experimentID)),
            ("lifecycle_stage", "active"), ("run_id", .string(job.id)),
            ("run_name", .string(job.configuration.name)), ("source_name", ""),
            // LOCAL.
            ("source_type", 4), ("source_version", ""),
            ("start_time", .integer((job.startedAt ?? job.createdAt).milliseconds)),
            ("status", .integer(status)), ("tags", []), ("user_id", "spind"),
        ]
    }

    private var endTime: Timestamp? {
        job.status.isFinal ? job.finishedAt ?? lastMeasured : nil
    }

    /// A number of MLflow's enumeration RunStatus.
    private var status: Int {
        switch job.status {
        case .running: 1
        case .queued, .paused, .waiting: 2
        case .succeeded: 3
        case .failed: 4
        case .cancelled: 5
        }
    }

    private var tags: [(String, String)] {
        var tags = [
            ("mlflow.runName", job.configuration.name), ("mlflow.user", "spind"),
            ("mlflow.source.name", "spind"), ("mlflow.source.type", "LOCAL"),
            ("spind.status", job.status.rawValue),
        ]
        if let detail = job.statusDetail { tags.append(("spind.status_detail", detail)) }
        if let parent = job.parentCheckpoint { tags.append(("spind.parent_checkpoint", parent)) }
        if let origin = job.clonedFrom { tags.append(("spind.cloned_from", origin)) }
        for (key, text) in job.configuration.labels.sorted(by: { $0.key < $1.key }) {
            tags.append(("label." + Self.fileName(key), text))
        }
        return tags
    }

    /// The configuration but for its name and labels, as `train.micro_batch_size`.
    private var parameters: [(String, String)] {
        var found: [(String, String)] = []
        func add(_ object: JSONObject, _ prefix: String) {
            for (key, value) in object.members {
                switch value {
                case .object(let inner): add(inner, prefix + key + ".")
                case .null: continue
                case .string(let text): found.append((prefix + key, text))
                default: found.append((prefix + key, value.text))
                }
            }
        }
        var configuration = job.configuration.json.object ?? [:]
        for key in ["name", "labels"] { configuration[key] = nil }
        add(configuration, "")
        return found.map { ($0, String($1.prefix(Self.longestParameter))) }
    }

    /// Labels may hold what neither MLflow nor a file system takes.
    private static func fileName(_ key: String) -> String {
        func isPlain(_ character: Character) -> Bool {
            character.isASCII
                && (character.isLetter || character.isNumber || "_-.".contains(character))
        }
        return String(key.map { isPlain($0) ? $0 : "_" })
    }
}
