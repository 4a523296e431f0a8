import Foundation
public import Jobs
public import MicroHTTP
public import SpinDomain

/// The REST service: every route of openapi.yaml, as answers to requests.
public final class ServiceHandler: HTTPHandler {
    /// Takes an error whose details the client is not told, with the request's id.
    public typealias InternalErrorReport = @Sendable (any Error, String) -> Void

    /// Makes a copy of the data folder, named after the moment.
    public typealias BackupMaking = @Sendable (Timestamp) throws -> BackupRecord

    package static let maximumDocumentBytes = 256 << 10
    /// Where nothing is read from a body, a client may still send a few bytes.
    private static let maximumIgnoredBytes = 1 << 10
    package static let maximumDatasetBytes = 2 << 30
    package static let maximumWaitingCompletions = CompletionDesk.maximumWaiting
    /// Long enough to tokenise the largest data set.
    private static let slowSeconds = 600.0

    private let service: Service
    private let router = Router(routes: Route.all)
    private let gate: Gate
    private let reportRequest: @Sendable (RequestRecord) -> Void
    /// Few at a time, since each may hold a data set in memory.
    private let slowWork: OperationQueue

    /// - Parameters:
    ///   - generator: writes texts for the completion routes.
    ///   - access: who may come in, with which of the `keys`.
    ///   - dataFolder: uploads go to `datasets/` in it.
    ///   - modelsFolders: models can be registered only from within these.
    ///   - version: the program's, for `/v1`.
    ///   - webhooksAreOn: whether clients may have events sent to a URL.
    ///   - isReady: whether the program is up and not on its way down, for `/readyz`.
    ///   - makeBackup: for `POST /v1/backup`.
    public init(
        store: any JobStore, runner: JobRunner, engine: any SelfPlayEngine,
        generator: any TextGenerator, keys: KeyRing, access: AccessRules = AccessRules(),
        dataFolder: String, modelsFolders: [String], clock: any Clock, version: String,
        webhooksAreOn: Bool = false, isReady: @escaping @Sendable () -> Bool = { true },
        reportRequest: @escaping @Sendable (RequestRecord) -> Void = { _ in },
        makeBackup: @escaping BackupMaking = { _ in
            throw SpinError(.unsupported, "this server makes no backups")
        },
        reportInternalError: @escaping InternalErrorReport = { _, _ in }
    ) {
        service = Service(
            store: store, runner: runner, engine: engine, keys: keys,
            folders: Folders(data: dataFolder, models: modelsFolders), clock: clock,
            version: version, isReady: isReady, events: EventHub(store: store, clock: clock),
            completions: CompletionDesk(generator: generator, clock: clock),
            reportInternalError: reportInternalError, copyData: makeBackup,
            webhooksAreOn: webhooksAreOn)
        gate = Gate(access, keys: keys, clock: clock)
        self.reportRequest = reportRequest
        slowWork = OperationQueue()
        slowWork.maxConcurrentOperationCount = 2
    }

    public func respond(to request: HTTPRequest) -> HTTPResponse {
        let outcome = Result { try enter(request) }
        guard case .success(let entry) = outcome, case .route(let route, _, _) = entry,
            route.pace == .slow
        else { return answer(to: request, outcome, upload: Upload(borrowing: request.body)) }
        let deferred = DeferredResponse(timeoutSeconds: Self.slowSeconds) { [gate] in
            let late = Refusal.busy("the answer took too long")
            return gate.guarded(late.response(requestID: request.requestID), request)
        }
        let upload = Upload(keeping: request.body)
        slowWork.addOperation { [self] in
            deferred.complete(answer(to: request, outcome, upload: upload))
        }
        return .deferred(deferred)
    }

    /// Requests for text that wait, and the one that is being answered.
    package var completionsUnderWay: Int { service.completions.count }

    /// Answers on the calling thread, however long it takes.
    package func answer(to request: HTTPRequest) -> HTTPResponse {
        answer(
            to: request, Result { try enter(request) }, upload: Upload(borrowing: request.body))
    }

    public func admit(_ head: HTTPRequest) -> BodyPolicy {
        do {
            guard
                case .route(let route, let parameters, let visitor) = try enter(
                    head, isOnlyALook: true)
            else { return .memory(maximumBytes: Self.maximumIgnoredBytes) }
            switch route.body {
            case .none: return .memory(maximumBytes: Self.maximumIgnoredBytes)
            case .document: return .memory(maximumBytes: Self.maximumDocumentBytes)
            case .rows:
                // What the head alone says is refused before gigabytes arrive.
                let upload = Upload(borrowing: .none)
                let call = try Call(
                    head, by: visitor, route: route, parameters: parameters, upload: upload)
                _ = try service.datasetUpload(call)
                return .file(maximumBytes: Self.maximumDatasetBytes)
            }
        } catch {
            // Small bodies are read, so that the connection can go on after the refusal.
            let length = head.header("Content-Length").flatMap { Int($0) }
            guard let length, length <= Self.maximumDocumentBytes else {
                return .refuse(gate.guarded(refusal(error, of: head), head))
            }
            return .memory(maximumBytes: Self.maximumDocumentBytes)
        }
    }

    public func requestEnded(_ record: RequestRecord) { reportRequest(record) }

    public func refusal(status: Int, reason: String, requestID: String) -> HTTPResponse {
        let code =
            switch status {
            case 413: "too_large"
            case 503: "unavailable"
            case 507: "disk_full"
            case 500...: "internal"
            default: "malformed"
            }
        let headers = status == 503 ? [(name: "Retry-After", value: "5")] : []
        var response = Refusal(status: status, code: code, reason, headers: headers)
            .response(requestID: requestID)
        response.headers += SecurityHeaders.fields(for: response)
        return response
    }
}

extension ServiceHandler {
    /// Where a request leads that has been let in.
    private enum Entry {
        case route(Route, parameters: [String: String], visitor: Visitor)
        /// The server answers by itself.
        case answer(HTTPResponse)
    }

    /// - Throws: refusals by the gate, and only then those of a path or method that is not there.
    private func enter(_ request: HTTPRequest, isOnlyALook: Bool = false) throws -> Entry {
        let allowed = request.method == "OPTIONS" ? router.allowed(request) : nil
        if let answer = gate.preflightAnswer(request, allowed: allowed) { return .answer(answer) }
        let found = Result { try router.find(request) }
        let isOpenToAll =
            if case .success(let match) = found { match.route.scope == nil } else { false }
        let visitor = try gate.visitor(
            request, isOpenToAll: isOpenToAll, isOnlyALook: isOnlyALook)
        if let path = request.pathWithoutTrailingSlash {
            return .answer(HTTPResponse(status: 308, headers: [("Location", path)]))
        }
        if let allowed {
            return .answer(HTTPResponse(status: 204, headers: [("Allow", allowed)]))
        }
        let (route, parameters) = try found.get()
        try gate.check(visitor, mayUse: route)
        return .route(route, parameters: parameters, visitor: visitor)
    }

    private func answer(
        to request: HTTPRequest, _ outcome: Result<Entry, any Error>, upload: Upload
    ) -> HTTPResponse {
        let begin = ContinuousClock.now
        let label = label(outcome)
        let finish: @Sendable (HTTPResponse) -> HTTPResponse = { [service, gate] response in
            let response = gate.guarded(Self.finished(response, request), request)
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            service.requests.add(route: label, status: response.status, seconds: seconds)
            return response
        }
        do {
            let response = try answer(to: request, outcome.get(), upload)
            guard case .deferred(let deferred) = response.body else { return finish(response) }
            deferred.finished(by: finish)
            return response
        } catch {
            return finish(refusal(error, of: request))
        }
    }

    private func answer(
        to request: HTTPRequest, _ entry: Entry, _ upload: Upload
    ) throws -> HTTPResponse {
        switch entry {
        case .answer(let response): return response
        case .route(let route, let parameters, let visitor):
            func answer() throws -> HTTPResponse {
                let call = try Call(
                    request, by: visitor, route: route, parameters: parameters, upload: upload)
                return try route.handler(service)(call)
            }
            guard route.isOfStore else { return try answer() }
            return try service.answers.answer(
                to: request, at: service.store.generation, make: answer)
        }
    }

    /// What a request is counted under.
    private func label(_ outcome: Result<Entry, any Error>) -> String {
        if case .success(.route(let route, _, _)) = outcome {
            route.name
        } else {
            RequestCounters.noRoute
        }
    }

    private static func finished(
        _ response: HTTPResponse, _ request: HTTPRequest
    ) -> HTTPResponse {
        var response = response
        let isRefused = response.status >= 400
        if request.method == "GET", !isRefused, response.header("Cache-Control") == nil {
            response.headers += [("Cache-Control", "no-cache"), ("Vary", "Accept")]
        }
        return EntityTag.applied(to: response, of: request)
    }

    private func refusal(_ error: any Error, of request: HTTPRequest) -> HTTPResponse {
        service.refusal(error, requestID: request.requestID)
            .response(requestID: request.requestID)
    }
}

extension HTTPRequest {
    /// Where a path that ends in a slash should lead; nil for others.
    fileprivate var pathWithoutTrailingSlash: String? {
        guard segments.count > 1 || segments.first?.isEmpty == false, segments.last == "" else {
            return nil
        }
        let query = target.split(separator: "?", maxSplits: 1).dropFirst().map { "?" + $0 }
        return "/" + segments.filter { !$0.isEmpty }.map(\.percentEncoded).joined(separator: "/")
            + query.joined()
    }
}
