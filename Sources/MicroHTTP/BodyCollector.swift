import Foundation
import Glibc
import Synchronization

/// Takes in a body within the limits of its policy, in memory or in a file.
final class BodyCollector {
    private enum Place {
        case memory(Data)
        case file(SpoolFile)
    }

    private var place: Place
    private let maximumBytes: Int
    private(set) var count = 0
    /// Why the body is refused; what follows is thrown away.
    private(set) var failure: MalformedRequest?

    static func memory(maximumBytes: Int) -> BodyCollector {
        BodyCollector(place: .memory(Data()), maximumBytes: maximumBytes)
    }

    static func file(maximumBytes: Int, in folder: URL) -> BodyCollector {
        BodyCollector(place: .file(SpoolFile(in: folder)), maximumBytes: maximumBytes)
    }

    private init(place: Place, maximumBytes: Int) {
        self.place = place
        self.maximumBytes = maximumBytes
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        count += bytes.count
        guard count <= maximumBytes else {
            return fail(.bodyTooLarge(maximumBytes: maximumBytes))
        }
        switch place {
        case .memory(var data):
            // Taken out, so that the append happens in place.
            place = .memory(Data())
            data.append(contentsOf: bytes)
            place = .memory(data)
        case .file(let file):
            if !file.write(bytes) {
                fail(MalformedRequest(status: 507, reason: "The body could not be stored."))
            }
        }
    }

    /// The body; call once, after the last byte.
    func finish() throws(MalformedRequest) -> HTTPRequest.Body {
        if let failure { throw failure }
        switch place {
        case .memory(let data):
            place = .memory(Data())
            return data.isEmpty ? .none : .data(data)
        case .file(let file): return .file(file.url, count: count)
        }
    }

    private func fail(_ failure: MalformedRequest) {
        self.failure = failure
        place = .memory(Data())
    }
}

extension MalformedRequest {
    static func bodyTooLarge(maximumBytes: Int) -> MalformedRequest {
        MalformedRequest(
            status: 413, reason: "The body is larger than \(maximumBytes) bytes.")
    }
}

/// A file that lives as long as this object, unless it is renamed.
private final class SpoolFile {
    let url: URL
    private let descriptor: Int32
    private static let sequence = Atomic<UInt64>(0)

    init(in folder: URL) {
        // No name is used twice, so that removing ours cannot hit another upload's.
        let number = Self.sequence.add(1, ordering: .relaxed).newValue
        url = folder.appendingPathComponent("upload-\(getpid())-\(number).part")
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(url.path)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(
                descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
