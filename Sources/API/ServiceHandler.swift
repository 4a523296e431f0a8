import Foundation
public import Jobs
public import MicroHTTP
public import SpinDomain

/// The REST service: every route of openapi.yaml, as answers to requests.
public final class ServiceHandler: HTTPHandler {
    /// Takes an error whose details the client is not told, with the request's id.
    public typealias InternalErrorReport = @Sendable (any Error, String) -> Void

    package static let maximumDocumentBytes = 256 << 10
    package static let maximumDatasetBytes = 2 << 30
    /// Long enough to tokenise the largest data set.
    private static let slowSeconds = 600.0

    private let service: Service
    private let router = Router(routes: Route.all)
    private let reportInternalError: InternalErrorReport
    /// Few at a time, since each may hold a data set in memory.
    private let slowWork: OperationQueue

    /// - Parameters:
    ///   - dataFolder: uploads go to `datasets/` in it.
    ///   - modelsFolders: models can be registered only from within these.
    ///   - version: the program's, for `/v1`.
    ///   - isReady: whether the program is up and not on its way down, for `/readyz`.
    public init(
        store: any JobStore, runner: JobRunner, engine: any SelfPlayEngine, dataFolder: String,
        modelsFolders: [String], clock: any Clock, version: String,
        isReady: @escaping @Sendable () -> Bool = { true },
        reportInternalError: @escaping InternalErrorReport = { _, _ in }
    ) {
        service = Service(
            store: store, runner: runner, engine: engine,
            folders: Folders(data: dataFolder, models: modelsFolders), clock: clock,
            version: version, isReady: isReady)
        self.reportInternalError = reportInternalError
        slowWork = OperationQueue()
        slowWork.maxConcurrentOperationCount = 2
    }

    public func respond(to request: HTTPRequest) -> HTTPResponse {
        guard let found = try? router.find(request), found.route.pace == .slow else {
            return answer(to: request)
        }
        let deferred = DeferredResponse(timeoutSeconds: Self.slowSeconds) {
            Refusal.busy("the answer took too long").response(requestID: request.requestID)
        }
        let upload = Upload(keeping: request.body)
        slowWork.addOperation { [self] in
            deferred.complete(answer(to: request, upload: upload))
        }
        return .deferred(deferred)
    }

    /// Answers on the calling thread, however long it takes.
    package func answer(to request: HTTPRequest) -> HTTPResponse {
        answer(to: request, upload: Upload(borrowing: request.body))
    }

    public func admit(_ head: HTTPRequest) -> BodyPolicy {
        do {
            let (route, parameters) = try router.find(head)
            switch route.body {
            // Nothing is read from it, but a client may send a few bytes.
            case .none: return .memory(maximumBytes: 1 << 10)
            case .document: return .memory(maximumBytes: Self.maximumDocumentBytes)
            case .rows:
                // What the head alone says is refused before gigabytes arrive.
                let upload = Upload(borrowing: .none)
                let call = try Call(head, route: route, parameters: parameters, upload: upload)
                _ = try service.datasetUpload(call)
                return .file(maximumBytes: Self.maximumDatasetBytes)
            }
        } catch {
            // Small bodies are read, so that the connection can go on after the refusal.
            let length = head.header("Content-Length").flatMap { Int($0) }
            guard let length, length <= Self.maximumDocumentBytes else {
                return .refuse(refusal(error, of: head))
            }
            return .memory(maximumBytes: Self.maximumDocumentBytes)
        }
    }

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
        return Refusal(status: status, code: code, reason, headers: headers)
            .response(requestID: requestID)
    }
}

extension ServiceHandler {
    private func answer(to request: HTTPRequest, upload: Upload) -> HTTPResponse {
        do {
            return finished(try routed(request, upload: upload), request)
        } catch {
            return refusal(error, of: request)
        }
    }

    private func routed(_ request: HTTPRequest, upload: Upload) throws -> HTTPResponse {
        if let path = request.pathWithoutTrailingSlash {
            return HTTPResponse(status: 308, headers: [("Location", path)])
        }
        if request.method == "OPTIONS", let allowed = router.allowed(request) {
            return HTTPResponse(status: 204, headers: [("Allow", allowed)])
        }
        let (route, parameters) = try router.find(request)
        let call = try Call(request, route: route, parameters: parameters, upload: upload)
        return try route.handler(service)(call)
    }

    private func finished(_ response: HTTPResponse, _ request: HTTPRequest) -> HTTPResponse {
        var response = response
        if request.method == "GET", response.header("Cache-Control") == nil {
            response.headers += [("Cache-Control", "no-cache"), ("Vary", "Accept")]
        }
        response.headers.append(("X-Content-Type-Options", "nosniff"))
        return EntityTag.applied(to: response, of: request)
    }

    private func refusal(_ error: any Error, of request: HTTPRequest) -> HTTPResponse {
        let refusal =
            switch error {
            case let refusal as Refusal: refusal
            case let error as SpinError: Refusal(error)
            default: Refusal(SpinError(.internal, "\(error)"))
            }
        guard refusal.status == 500 else { return refusal.response(requestID: request.requestID) }
        reportInternalError(error, request.requestID)
        return Refusal(
            status: 500, code: "internal", "the server failed; its log has the reason",
            hint: "look for \(request.requestID) in the log"
        ).response(requestID: request.requestID)
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
