import API
import Foundation
import Jobs
import SpinDomain
import Storage
import Testing

/// A service on a folder of its own, whose runner is never started: jobs stay queued, and what a
/// run would write, tests write into the store.
final class TestService: Sendable {
    let folder: URL
    let store: any JobStore
    let keys: KeyRing
    let handler: ServiceHandler
    let generator = ScriptedGenerator()
    private let client: Client

    /// Of the server, where there is one.
    var port: Int? { client.port }

    func stop() { client.stop() }

    init(
        _ transport: Transport = .direct, isReady: Bool = true, freeBytes: Int = .max,
        access: AccessRules = AccessRules(), clock: any Clock = FixedClock(),
        operatorKey: String? = nil, webhooksAreOn: Bool = false
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-api-\(UUID().uuidString)")
        let spool = folder.appendingPathComponent("spool")
        for name in ["spool", "models/tiny"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        let data = folder.appendingPathComponent("data").path
        let store = try SQLiteStore(dataFolder: data)
        self.store = store
        keys = try KeyRing(store: store, clock: clock, operatorKey: operatorKey)
        let engine = ScriptedEngine()
        let runner = JobRunner(
            store: store, engine: engine, dataFolder: data, clock: clock,
            disk: DiskSpace(reserveBytes: 1000, freeBytes: { freeBytes }), log: { _, _, _ in })
        handler = ServiceHandler(
            store: store, runner: runner, engine: engine, generator: generator, keys: keys,
            access: access, dataFolder: data,
            modelsFolders: [folder.appendingPathComponent("models").path], clock: clock,
            version: "1.2.3", webhooksAreOn: webhooksAreOn, isReady: { isReady },
            makeBackup: { try Backup.write(of: data, to: data + "/backups/one", at: $0) })
        client = try Client(handler, transport, spoolFolder: spool)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func send(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [],
        json: String? = nil
    ) throws -> Answer {
        let type = json == nil ? [] : [(name: "Content-Type", value: "application/json")]
        return try client.send(method, target, headers: type + headers, body: json)
    }

    /// Opens a stream of events; the transport must be a socket.
    func listen(
        _ target: String, headers: [(name: String, value: String)] = []
    ) throws -> Connection {
        try client.open(target, headers: [("Accept", "text/event-stream")] + headers)
    }

    func send(
        _ method: String, _ target: String, type: String?, body: String,
        headers: [(name: String, value: String)] = []
    ) throws -> Answer {
        let type = type.map { [(name: "Content-Type", value: $0)] } ?? []
        return try client.send(method, target, headers: type + headers, body: body)
    }

    /// Sends as the bearer of a key.
    func send(
        _ method: String, _ target: String, key: String,
        headers: [(name: String, value: String)] = [], json: String? = nil
    ) throws -> Answer {
        try send(
            method, target, headers: [("Authorization", "Bearer " + key)] + headers, json: json)
    }

    /// Makes a key of each scope.
    func issueKeys() throws -> [AccessScope: String] {
        var texts: [AccessScope: String] = [:]
        // The first has to be an admin's.
        for scope in AccessScope.allCases.reversed() {
            texts[scope] = try keys.issue(KeyRequest(name: "a \(scope)", scope: scope)).text
        }
        return texts
    }

    /// Registers the model `tiny` and the data set `sums`.
    func register() throws {
        try register(model: "tiny", path: "tiny")
        try register(dataset: "sums")
    }

    func register(model: String, path: String) throws {
        let answer = try send(
            "POST", "/v1/models", json: #"{"name":"\#(model)","path":"\#(path)"}"#)
        #expect(answer.status == 201, "\(answer.text)")
    }

    func register(dataset: String) throws {
        let answer = try send(
            "POST", "/v1/datasets?name=\(dataset)", type: "application/jsonl",
            body: #"{"prompt":"1+1=","response":"2"}"# + "\n")
        #expect(answer.status == 201, "\(answer.text)")
    }

    /// Stores a job as a run would have left it.
    @discardableResult
    func insertJob(
        id: String = "job_aaaaaaaaaaaaaaaa", status: JobStatus = .queued,
        mode: JobConfiguration.Mode = .auto
    ) throws -> Job {
        var configuration = JobConfiguration(name: "a job", model: "tiny", dataset: "sums")
        configuration.mode = mode
        let job = Job(
            id: id, status: status, configuration: configuration,
            sources: RunSources(modelPath: "/m", datasetPath: "/d"),
            allowedIterations: mode == .auto ? 3 : 0, createdAt: FixedClock.moment)
        return try store.insert(job, idempotency: nil).job
    }

    func cancelJob(_ id: String = "job_aaaaaaaaaaaaaaaa") throws {
        _ = try store.transition(job: id, to: .cancelled, detail: nil, at: FixedClock.moment)
    }
}
