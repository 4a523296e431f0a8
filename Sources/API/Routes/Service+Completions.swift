import MicroHTTP
import SpinDomain

// Text from any model or checkpoint, in OpenAI's shape.

extension Service {
    func completeText(_ call: Call) throws -> HTTPResponse { try complete(.text, call) }

    func completeChat(_ call: Call) throws -> HTTPResponse { try complete(.chat, call) }

    /// Refusals carry OpenAI's `error` besides our own members, which its clients show.
    private func complete(_ form: CompletionRequest.Form, _ call: Call) throws -> HTTPResponse {
        do {
            var request = try CompletionRequest(form, json: try call.requiredDocument())
            request.text.modelPath = try modelPath(request.model)
            return try completions.take(request, requestID: call.request.requestID) { error in
                refusal(error, requestID: call.request.requestID)
            }
        } catch {
            return refusal(error, requestID: call.request.requestID)
                .openAIResponse(requestID: call.request.requestID)
        }
    }

    private func modelPath(_ name: String) throws -> String {
        do {
            return try name.hasPrefix("ckpt_")
                ? store.checkpoint(name).path : store.model(name).path
        } catch let error as SpinError where error.code == .notFound {
            let known = try store.models().map(\.name)
            let near = Suggestion.nearest(to: name, among: known).map { "did you mean '\($0)'? " }
            throw SpinError.notFound(
                "model or checkpoint", name,
                hint: (near ?? "") + "GET /v1/models lists the models; a job's checkpoints are at "
                    + "GET /v1/jobs/{job}/checkpoints")
        }
    }
}

extension Refusal {
    /// What OpenAI's clients read.
    var openAIError: JSONValue {
        let type = status < 500 ? "invalid_request_error" : "server_error"
        let first = errors.first?["pointer"]?.string
        let details = errors.compactMap { error in
            error["detail"]?.string.map { (error["pointer"]?.string ?? "") + ": " + $0 }
        }
        return [
            "type": .string(type),
            "message": .string(([detail] + details).joined(separator: "; ")),
            "param": JSONValue(first.map { String($0.drop { $0 == "/" }) }),
            "code": .string(code),
        ]
    }

    func openAIResponse(requestID: String) -> HTTPResponse {
        response(requestID: requestID, adding: ["error": openAIError])
    }
}
