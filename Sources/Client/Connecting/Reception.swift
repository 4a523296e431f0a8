import CCurl

/// Where libcurl leaves an answer, piece by piece.
final class Reception {
    /// Gets the answer's head and a piece of its body; false ends the transfer.
    typealias Receiver = (Answer, UnsafeRawBufferPointer) throws -> Bool

    /// Far more than any answer that is not a file's.
    private static let maximumBody = 256 << 20

    private(set) var answer = Answer()
    private(set) var failure: (any Error)?
    /// The receiver has ended the transfer.
    private(set) var hasEnough = false
    private let receiver: Receiver?

    init(_ receiver: Receiver?) {
        self.receiver = receiver
    }

    /// - Parameter transfer: must not outlive this object.
    func attach(to transfer: OpaquePointer) {
        spind_curl_deliver(
            transfer,
            { line, bytes, context in
                Reception.at(context)?.take(
                    headLine: UnsafeRawBufferPointer(start: line, count: bytes))
                return true
            },
            { piece, bytes, context in
                Reception.at(context)?.take(UnsafeRawBufferPointer(start: piece, count: bytes))
                    ?? false
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> Reception? {
        context.map { Unmanaged<Reception>.fromOpaque($0).takeUnretainedValue() }
    }

    private func take(headLine bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        answer.read(headLine: text.filter { !$0.isNewline })
    }

    /// False ends the transfer.
    private func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard let receiver, answer.status == 200 else {
            guard answer.body.count + piece.count <= Self.maximumBody else {
                failure = ClientError(.refused, "the answer is too long")
                return false
            }
            answer.body += piece
            return true
        }
        do {
            hasEnough = try !receiver(answer, piece)
            return !hasEnough
        } catch {
            failure = error
            return false
        }
    }
}
