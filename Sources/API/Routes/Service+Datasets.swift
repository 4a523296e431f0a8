import Foundation
import Glibc
import Jobs
import MicroHTTP
import SpinDomain

// Data sets: uploaded once, checked line by line, kept in the data folder.

extension Service {
    /// How many bad lines an answer names.
    private static let maximumNamedLines = 100

    /// What the head of an upload says, checked as far as that is possible without the body.
    struct DatasetUpload {
        let name: String
        let allowsBadLines: Bool
        /// A data set with this name and as many bytes, of which this may be the repetition.
        let stored: DatasetRecord?
    }

    func datasetUpload(_ call: Call) throws -> DatasetUpload {
        let name = call.query.text("name") ?? ""
        guard ResourceName.isValid(name) else {
            throw SpinError(
                .malformed, "the query parameter 'name' must be \(ResourceName.rule)",
                hint: "POST /v1/datasets?name=my-data")
        }
        try Upload.checkType(call.request)
        let announced = call.request.header("Content-Length").flatMap { Int($0) }
        let stored = try store.datasets().first { $0.name == name }
        if let stored, let announced, announced != stored.summary.bytes {
            throw Self.taken(name)
        }
        try runner.disk.require(announced ?? 0, for: "the data set")
        return DatasetUpload(
            name: name, allowsBadLines: try call.query.flag("allow_bad_lines"), stored: stored)
    }

    private static func taken(_ name: String) -> SpinError {
        SpinError(
            .conflict, "there is a data set named '\(name)' already, with other content",
            hint: "choose another name, or delete it first")
    }

    /// The same bytes under the same name are answered with what is there: a client whose answer got
    /// lost may send its request again.
    func uploadDataset(_ call: Call) throws -> HTTPResponse {
        let upload = try datasetUpload(call)
        if let stored = upload.stored {
            guard call.upload.body.isContent(ofFile: stored.path) else {
                throw Self.taken(upload.name)
            }
            return Self.answer(stored, status: 200)
        }
        let file = try storedFile(call, name: upload.name)
        do {
            let summary = try engine.inspectDataset(path: file.path)
            if !upload.allowsBadLines { try Self.refuseBadLines(summary) }
            let record = DatasetRecord(
                name: upload.name, path: file.path, summary: summary, createdAt: clock.now())
            try store.insert(dataset: record)
            return Self.answer(record, status: 201)
        } catch {
            unlink(file.path)
            throw error
        }
    }

    private static func answer(_ record: DatasetRecord, status: Int) -> HTTPResponse {
        .json(record.json, status: status, headers: [("Location", Link.dataset(record.name))])
    }

    private static func refuseBadLines(_ summary: DatasetSummary) throws {
        guard summary.badLines > 0 else { return }
        let lines = summary.badLines == 1 ? "1 line" : "\(summary.badLines) lines"
        throw Refusal(
            status: 422, code: SpinError.Code.invalid.rawValue,
            "\(lines) of the data set cannot be used",
            hint: "put them right, or send ?allow_bad_lines=true to leave them out",
            errors: summary.problems.prefix(maximumNamedLines).map { problem in
                [
                    "pointer": .string("/\(problem.line)"), "line": .integer(problem.line),
                    "detail": .string(problem.reason),
                ]
            })
    }

    /// Moves the upload into the data folder under a name that was never used before, so that a
    /// job which still reads a deleted data set is left alone.
    private func storedFile(_ call: Call, name: String) throws -> URL {
        let unique = String(UInt64(bitPattern: Int64(clock.now().microseconds)), radix: 36)
        let target = folders.datasets.appendingPathComponent("\(name)-\(unique).jsonl")
        do {
            try FileManager.default.createDirectory(
                at: folders.datasets, withIntermediateDirectories: true)
            switch call.upload.body {
            case .none: throw SpinError(.malformed, "the request has no body")
            case .data(let data): try data.write(to: target, options: .withoutOverwriting)
            case .file(let url, _): try FileManager.default.moveItem(at: url, to: target)
            }
        } catch let error as CocoaError {
            let isFull = error.code == .fileWriteOutOfSpace
            throw SpinError(
                isFull ? .diskFull : .inputOutput, "the data set could not be stored")
        }
        try Self.sync(target.path)
        try Self.sync(folders.datasets.path)
        return target
    }

    /// A row in the store is written only after the file that it names is on the disk.
    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw SpinError(
                errno == ENOSPC ? .diskFull : .inputOutput, "the data set could not be stored")
        }
    }

    func listDatasets(_ call: Call) throws -> HTTPResponse {
        ListAnswer(try store.datasets(), id: { .string($0.name) }, json: \.json).response
    }

    func showDataset(_ call: Call) throws -> HTTPResponse {
        .json(try store.dataset(call.parameter("dataset")).json)
    }

    func deleteDataset(_ call: Call) throws -> HTTPResponse {
        let record = try store.dataset(call.parameter("dataset"))
        try store.delete(dataset: record.name)
        // Only files of ours; a row may name another one, which a person put there.
        if record.path.hasPrefix(folders.datasets.path + "/") { unlink(record.path) }
        return .noContent
    }
}

extension HTTPRequest.Body {
    fileprivate func isContent(ofFile path: String) -> Bool {
        switch self {
        case .none: false
        case .data(let data): FileManager.default.contents(atPath: path) == data
        case .file(let url, _): FileManager.default.contentsEqual(atPath: path, andPath: url.path)
        }
    }
}
