import Exporting
import Foundation
import SpinDomain

/// A job with what a test says it has measured.
struct ScriptedHistory: JobHistory {
    struct Broken: Error {}

    var job: Job
    var steps: [StepMetrics] = []
    var iterations: [IterationRecord] = []
    var validations: [ValidationRecord] = []
    /// Whether reading ends with an error.
    var isBroken = false

    /// Seconds since 1970 when it was submitted.
    static let birth = 1_700_000_000

    init(labels: [String: String] = [:]) {
        var configuration = JobConfiguration(name: "a name", model: "tiny", dataset: "rows")
        configuration.labels = labels
        job = Job(
            id: "job_one", status: .succeeded, configuration: configuration,
            sources: RunSources(modelPath: "/m", datasetPath: "/d"), allowedIterations: 1,
            createdAt: Timestamp(microseconds: Self.birth * 1_000_000))
    }

    func forEachStep(_ body: (StepMetrics) throws -> Void) throws {
        try steps.forEach(body)
        if isBroken { throw Broken() }
    }

    /// - Parameter second: since the job's birth; nil for a row of an older program.
    static func step(_ step: Int, loss: Double = 0.5, second: Int? = nil) -> StepMetrics {
        var metrics = StepMetrics(
            step: step, iteration: 0, epoch: 0, loss: loss, sftLoss: 1, gradNorm: 2,
            learningRate: 1e-6, consumedSamples: step + 1, stepTime: 3, tokensPerSecond: 4)
        metrics.finishedAt = second.map { Timestamp(microseconds: (birth + $0) * 1_000_000) }
        return metrics
    }
}

/// A folder of its own for a test, gone with it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "exporting-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func text(_ path: String) throws -> String {
        try String(contentsOf: url.appending(path: path), encoding: .utf8)
    }

    /// All files, relative to the folder.
    func files() throws -> Set<String> {
        let names = try FileManager.default.subpathsOfDirectory(atPath: url.path)
        return Set(
            names.filter { name in
                var isFolder: ObjCBool = false
                let path = url.appending(path: name).path
                return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                    && !isFolder.boolValue
            })
    }
}
