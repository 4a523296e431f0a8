import Foundation
import Jobs
import MicroHTTP
import SpinDomain

// One checkpoint and its files.

extension Service {
    func showCheckpoint(_ call: Call) throws -> HTTPResponse {
        try answer(try store.checkpoint(call.parameter("checkpoint")))
    }

    /// Pin and note, as a merge patch (RFC 7396).
    func changeCheckpoint(_ call: Call) throws -> HTTPResponse {
        let patch = try CheckpointPatch(json: try call.requiredDocument())
        return try answer(
            try runner.changeCheckpoint(
                call.parameter("checkpoint"), isPinned: patch.isPinned, note: patch.note))
    }

    private func answer(_ checkpoint: CheckpointRecord) throws -> HTTPResponse {
        .json(try json(checkpoint, of: try store.job(checkpoint.jobID)))
    }

    func json(_ checkpoint: CheckpointRecord, of job: Job) throws -> JSONValue {
        checkpoint.json(
            parent: job.parentCheckpoint,
            children: try store.children(ofCheckpoint: checkpoint.id))
    }

    func deleteCheckpoint(_ call: Call) throws -> HTTPResponse {
        try runner.deleteCheckpoint(call.parameter("checkpoint"))
        return .noContent
    }

    /// A file that the checkpoint's record names, and no other, whatever lies in the folder.
    func downloadFile(_ call: Call) throws -> HTTPResponse {
        let checkpoint = try store.checkpoint(call.parameter("checkpoint"))
        let name = call.parameter("file")
        guard let file = checkpoint.files.first(where: { $0.name == name }) else {
            let known = checkpoint.files.map(\.name)
            throw SpinError.notFound(
                "file", name, hint: "this checkpoint has \(known.joined(separator: ", "))")
        }
        let url = URL(fileURLWithPath: checkpoint.path).appendingPathComponent(file.name)
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
        guard let size = attributes?[.size] as? Int, size == file.bytes else {
            throw Refusal(
                status: 410, code: "gone", "the file is no longer on the server's disk",
                hint: "another checkpoint of the job may still be complete")
        }
        return Self.download(url, file, call.request)
    }

    private static func download(
        _ url: URL, _ file: CheckpointRecord.File, _ request: HTTPRequest
    ) -> HTTPResponse {
        let tag = "\"\(file.sha256)\""
        var headers: [(name: String, value: String)] = [
            ("Content-Type", file.name.hasSuffix(".json") ? "application/json" : octets),
            ("Content-Disposition", "attachment; filename*=UTF-8''\(file.name.percentEncoded)"),
            ("Accept-Ranges", "bytes"), ("ETag", tag), ("Cache-Control", "no-cache"),
        ]
        let range = ByteRange.parse(
            request.header("Range"), ifRange: request.header("If-Range"), entityTag: tag,
            size: Int64(file.bytes))
        switch range {
        case .whole:
            return HTTPResponse(status: 200, headers: headers, body: .file(url, range: nil))
        case .part(let part):
            let last = part.upperBound - 1
            headers.append(("Content-Range", "bytes \(part.lowerBound)-\(last)/\(file.bytes)"))
            return HTTPResponse(status: 206, headers: headers, body: .file(url, range: part))
        case .unsatisfiable:
            return Refusal(
                status: 416, code: "range_not_satisfiable",
                "the file has \(file.bytes) bytes",
                headers: [
                    ("Content-Range", "bytes */\(file.bytes)")
                ]
            ).response(requestID: request.requestID)
        }
    }

    private static let octets = "application/octet-stream"
}
