import CMicroHTTPD

/// One request and its answer; used by the thread of its connection only.
final class Exchange {
    private enum Phase {
        /// The request line is there, the header fields are not.
        case head
        case receiving(HTTPRequest, BodyCollector, since: Instant)
        /// What remains of the request is read and thrown away, then this is the answer.
        case refused(HTTPResponse, remainingBytes: Int)
        case waiting(DeferredResponse)
        case answered
    }

    private static let discardSeconds = 5.0
    private let core: ServerCore
    /// Nil if it cannot even be read as text.
    private let target: String?
    private var phase = Phase.head
    private var requestID = ""
    private var method = ""
    private var status: Int?
    private var headArrivedAt = Instant.now
    private var connection: Connection?
    private var body: BodyCollector?

    init(core: ServerCore, target: String?) {
        self.core = core
        self.target = target
    }

    /// libmicrohttpd calls once with the head, then for each piece of the body, then without
    /// bytes until there is an answer.
    ///
    /// - Returns: false to drop the connection.
    func partArrived(
        _ bytes: UnsafeRawBufferPointer, on handle: ConnectionHandle,
        method: UnsafePointer<CChar>, version: UnsafePointer<CChar>
    ) -> Bool {
        switch phase {
        case .head:
            return headArrived(on: handle, method: method, version: String(cString: version))
        case .receiving(let request, let body, let start) where !bytes.isEmpty:
            body.append(bytes)
            connection?.isReceiving(since: start, count: body.count)
            if let failure = body.failure { refuse(failure, for: request) }
            return true
        case .receiving(let request, let body, _):
            return requestArrived(request, body, on: handle)
        case .refused(let response, let remaining) where !bytes.isEmpty:
            phase = .refused(response, remainingBytes: remaining - bytes.count)
            return remaining >= bytes.count
        case .refused(let response, _):
            return answer(response, on: handle)
        case .waiting(let deferred):
            return answer(deferred, on: handle)
        case .answered:
            return true
        }
    }

    /// The answer has been sent, or the connection is lost.
    func end(isComplete: Bool) {
        if case .waiting(let deferred) = phase {
            core.watchdog.remove(deferred)
            deferred.connectionLost()
        }
        guard let connection else { return }
        connection.awaitsNextHead()
        core.inFlight.leave()
        core.handler.requestEnded(
            RequestRecord(
                requestID: requestID, remoteAddress: connection.remoteAddress, method: method,
                path: target.map { String($0.prefix { $0 != "?" }) } ?? "",
                status: status, seconds: headArrivedAt.secondsUntil(.now), isComplete: isComplete))
    }
}

// The head and the body.
extension Exchange {
    private func headArrived(
        on handle: ConnectionHandle, method: UnsafePointer<CChar>, version: String
    ) -> Bool {
        guard let state = microhttpd_socket_context(handle.pointer) else { return false }
        let connection = Unmanaged<Connection>.fromOpaque(state).takeUnretainedValue()
        self.connection = connection
        self.method = String(cString: method)
        headArrivedAt = .now
        let isWelcome = core.inFlight.enter()
        let headers = RequestHeaders(of: handle.pointer)
        requestID = RequestID.accepting(headers.value(of: "X-Request-Id"))
        let framing: RequestFraming
        do throws(MalformedRequest) {
            framing = try RequestFraming(headers: headers.fields, version: version)
        } catch {
            return answer(core.refusal(error, requestID: requestID), on: handle)
        }
        do throws(MalformedRequest) {
            guard isWelcome else { throw .stopping }
            try headers.check(maximumBytes: core.configuration.maximumHeaderBytes)
            let request = HTTPRequest(
                method: try checkedMethod(method), target: try checkedTarget(),
                headers: headers.fields, body: .none, requestID: requestID,
                remoteAddress: connection.remoteAddress)
            return try admit(request, framing: framing, on: handle)
        } catch {
            return refuse(error, framing: framing, headers: headers, on: handle)
        }
    }

    private func admit(
        _ request: HTTPRequest, framing: RequestFraming, on handle: ConnectionHandle
    ) throws(MalformedRequest) -> Bool {
        let policy = framing == .empty ? .memory(maximumBytes: 0) : core.handler.admit(request)
        let body: BodyCollector
        let maximum: Int
        switch policy {
        case .memory(let bytes):
            maximum = bytes
            body = .memory(maximumBytes: bytes)
        case .file(let bytes):
            maximum = bytes
            body = .file(maximumBytes: bytes, in: core.configuration.spoolFolder)
        case .refuse(var response):
            response.headers.append(("Connection", "close"))
            return answer(response, on: handle)
        }
        if case .length(let length) = framing, length > maximum {
            throw .bodyTooLarge(maximumBytes: maximum)
        }
        let start = Instant.now
        phase = .receiving(request, body, since: start)
        connection?.isReceiving(since: start, count: 0)
        return true
    }

    private func requestArrived(
        _ head: HTTPRequest, _ body: BodyCollector, on handle: ConnectionHandle
    ) -> Bool {
        connection?.isAnswering()
        var request = head
        do throws(MalformedRequest) {
            request.body = try body.finish()
        } catch {
            return answer(core.refusal(error, requestID: requestID), on: handle)
        }
        // A spooled file lives as long as its collector, and the answer may come much later.
        self.body = body
        return answer(core.handler.respond(to: request), on: handle)
    }

    private func checkedMethod(
        _ method: UnsafePointer<CChar>
    ) throws(MalformedRequest) -> String {
        let method = String(cString: method)
        guard method.utf8.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }) else {
            throw MalformedRequest(status: 400, reason: "The request's method is malformed.")
        }
        return method
    }

    private func checkedTarget() throws(MalformedRequest) -> RequestTarget {
        guard let target else {
            throw MalformedRequest(
                status: 400, reason: "The request target must be UTF-8 without NUL.")
        }
        guard target.utf8.count <= core.configuration.maximumTargetBytes else {
            throw MalformedRequest(status: 414, reason: "The request target is too long.")
        }
        return try RequestTarget(target)
    }
}

// Answers.
extension Exchange {
    /// Refuses a request whose head is sound enough to find its end: after that end if this is
    /// near, at once otherwise.
    private func refuse(
        _ problem: MalformedRequest, framing: RequestFraming, headers: RequestHeaders,
        on handle: ConnectionHandle
    ) -> Bool {
        let response = core.refusal(problem, requestID: requestID)
        let limit = core.configuration.maximumDiscardedBytes
        if case .length(let length) = framing, length > limit || headers.expectsContinue {
            return answer(response, on: handle)
        }
        discard(thenAnswer: response)
        return true
    }

    /// Refuses in the middle of a body, where libmicrohttpd takes no answer yet.
    private func refuse(_ problem: MalformedRequest, for request: HTTPRequest) {
        discard(thenAnswer: core.refusal(problem, requestID: request.requestID))
    }

    private func discard(thenAnswer response: HTTPResponse) {
        phase = .refused(
            response, remainingBytes: core.configuration.maximumDiscardedBytes)
        connection?.isDiscarding(seconds: Self.discardSeconds)
    }

    private func answer(_ response: HTTPResponse, on handle: ConnectionHandle) -> Bool {
        connection?.isAnswering()
        if case .deferred(let deferred) = response.body {
            phase = .waiting(deferred)
            deferred.attach(to: connection)
            if !core.watchdog.add(deferred) { deferred.serverStops(refusal: stopRefusal) }
            return answer(deferred, on: handle)
        }
        phase = .answered
        status = ResponseSender(core: core, requestID: requestID, client: connection)
            .send(response, on: handle)
        return status != nil
    }

    private func answer(_ deferred: DeferredResponse, on handle: ConnectionHandle) -> Bool {
        guard let response = deferred.response(orSuspend: handle) else { return true }
        core.watchdog.remove(deferred)
        phase = .answered
        status = ResponseSender(core: core, requestID: requestID, client: connection)
            .send(response, on: handle)
        return status != nil
    }

    private func stopRefusal() -> HTTPResponse { core.refusal(.stopping, requestID: requestID) }
}

extension MalformedRequest {
    static let stopping = MalformedRequest(status: 503, reason: "The server is stopping.")
}
