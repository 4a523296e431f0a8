import API
import SpinDomain
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CompletionRoutesTests {
    private let service: TestService

    init() throws {
        service = try TestService(.socket)
        try service.register(model: "tiny", path: "tiny")
    }

    private func complete(_ body: String) throws -> Answer {
        try service.send("POST", "/v1/completions", json: body)
    }

    private func chat(_ body: String) throws -> Answer {
        try service.send("POST", "/v1/chat/completions", json: body)
    }

    /// The chunks of a stream, its last word left out.
    private func chunks(_ answer: Answer) throws -> [JSONValue] {
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type") == "text/event-stream")
        var lines = answer.text.split(separator: "\n").filter { $0.hasPrefix("data: ") }
            .map { $0.dropFirst(6) }
        #expect(lines.popLast() == "[DONE]")
        return try lines.map { try JSONParser.parse($0.utf8) }
    }

    private func first(_ json: JSONValue) throws -> JSONValue {
        try #require(json["choices"]?.array?.first)
    }

    // MARK: Whole answers

    @Test func aTextIsCompleted() throws {
        let answer = try complete(#"{"model":"tiny","prompt":"count","max_tokens":3,"seed":5}"#)
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type") == "application/json")
        let json = try answer.json
        #expect(json["object"] == "text_completion" && json["model"] == "tiny")
        #expect(json["id"]?.string?.hasPrefix("cmpl-") == true)
        #expect(json["created"] == .integer(FixedClock.moment.microseconds / 1_000_000))
        #expect(
            try first(json) == [
                "index": 0, "text": "one two three", "logprobs": .null, "finish_reason": "length",
            ])
        #expect(
            json["usage"] == ["prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8])
        let request = try #require(service.generator.requests.first)
        #expect(request.prompt == .text("count") && request.seed == 5)
        #expect(request.length == .exactly(3) && request.modelPath.hasSuffix("/models/tiny"))
    }

    @Test func aChatIsAnswered() throws {
        let json = try chat(
            #"""
            {"model": "tiny", "n": 2, "max_completion_tokens": 100, "messages": [
              {"role": "system", "content": "Be brief."},
              {"role": "user", "content": [{"type": "text", "text": "Co"}, {"type": "text", "text": "unt."}]}]}
            """#
        ).json
        #expect(json["object"] == "chat.completion")
        #expect(json["id"]?.string?.hasPrefix("chatcmpl-") == true)
        let choices = try #require(json["choices"]?.array)
        #expect(choices.map { $0["index"]?.integer } == [0, 1])
        for choice in choices {
            #expect(
                choice["message"] == [
                    "role": "assistant", "content": "one two three four five six", "refusal": .null,
                ])
            #expect(choice["finish_reason"] == "stop")
        }
        #expect(
            service.generator.requests.first?.prompt
                == .messages([
                    .init(role: "system", content: "Be brief."),
                    .init(role: "user", content: "Count."),
                ]))
    }

    @Test func theSettingsReachTheGenerator() throws {
        _ = try complete(
            #"""
            {"model": "tiny", "prompt": [1, 2], "temperature": 0.5, "top_p": 0.9, "top_k": 7,
             "repetition_penalty": 1.5, "stop": ["a", "\n"], "n": 3, "logprobs": 2, "echo": true,
             "user": "me", "best_of": 1, "suffix": null, "logit_bias": {}, "presence_penalty": 0.0}
            """#)
        _ = try complete(#"{"model":"tiny","prompt":["b"],"temperature":0,"stop":"c"}"#)
        let requests = service.generator.requests
        try #require(requests.count == 2)
        var sampling = SamplingOptions()
        sampling.temperature = 0.5
        sampling.topP = 0.9
        sampling.topK = 7
        sampling.repetitionPenalty = 1.5
        sampling.endStrings = ["a", "\n"]
        #expect(requests[0].sampling == sampling && requests[0].prompt == .tokens([1, 2]))
        #expect(requests[0].choices == 3 && requests[0].logProbabilities == 2)
        #expect(requests[0].echoes && requests[0].length == .atMost(16))
        #expect(requests[1].sampling.useGreedy && requests[1].sampling.endStrings == ["c"])
        #expect(requests[1].prompt == .text("b") && requests[1].logProbabilities == nil)
        #expect(requests[0].seed != requests[1].seed)
    }

    @Test func logProbabilitiesComeInBothShapes() throws {
        let text = try first(
            try complete(
                #"{"model":"tiny","prompt":"ab","max_tokens":2,"logprobs":1,"echo":true}"#
            ).json)
        #expect(text["text"] == "abone two")
        #expect(
            text["logprobs"] == [
                "tokens": ["a", "b", "one", " two"],
                "token_logprobs": [.null, .null, -0.5, -0.5],
                "top_logprobs": [
                    .null, .null, ["bytes:\\xc8": -0.25, "one": -0.5],
                    ["bytes:\\xc8": -0.25, " two": -0.5],
                ],
                "text_offset": [0, 1, 2, 5],
            ])
        let message = #"[{"role":"user","content":"a"}]"#
        let chat = try first(
            try chat(
                #"{"model":"tiny","messages":\#(message),"max_tokens":1,"logprobs":true,"top_logprobs":1}"#
            ).json)
        #expect(
            chat["logprobs"]?["content"] == [
                [
                    "token": "one", "logprob": -0.5, "bytes": [111, 110, 101],
                    "top_logprobs": [
                        ["token": "bytes:\\xc8", "logprob": -0.25, "bytes": [200]]
                    ],
                ]
            ])
    }

    @Test func tokenIDsComeWhereTheyAreAskedFor() throws {
        let choice = try first(
            try complete(
                #"{"model":"tiny","prompt":"ab","max_tokens":2,"echo":true,"return_token_ids":true}"#
            ).json)
        #expect(choice["prompt_token_ids"] == [97, 98] && choice["token_ids"] == [3, 4])
    }

    @Test func aCheckpointIsAModelToo() throws {
        try service.insertJob()
        try service.store.insert(
            checkpoint: CheckpointRecord(
                id: "ckpt_a_1", jobID: "job_aaaaaaaaaaaaaaaa", step: 1, iteration: 0,
                isIterationEnd: false, path: "/data/checkpoint", files: [],
                createdAt: FixedClock.moment))
        #expect(try complete(#"{"model":"ckpt_a_1","prompt":"a"}"#).status == 200)
        #expect(service.generator.requests.first?.modelPath == "/data/checkpoint")
    }

    // MARK: Streams

    @Test func aStreamSaysTheSameAsAWholeAnswer() throws {
        let fields = #""model":"tiny","prompt":"ab","max_tokens":4,"n":2,"logprobs":1,"echo":true"#
        let whole = try complete("{\(fields)}").json
        let chunks = try chunks(complete("{\(fields),\"stream\":true}"))
        #expect(Set(chunks.map { $0["id"]?.string }).count == 1)
        #expect(chunks.allSatisfy { $0["usage"] == nil && $0["object"] == "text_completion" })
        for choice in try #require(whole["choices"]?.array) {
            let parts = try chunks.map(first).filter { $0["index"] == choice["index"] }
            #expect(parts.compactMap { $0["text"]?.string }.joined() == choice["text"]?.string)
            let offsets = parts.flatMap { $0["logprobs"]?["text_offset"]?.array ?? [] }
            #expect(offsets == choice["logprobs"]?["text_offset"]?.array)
            #expect(parts.compactMap { $0["finish_reason"]?.string } == ["length"])
            #expect(parts.last?["finish_reason"] == "length")
        }
    }

    @Test func aChatStreamsItsRoleThenItsTextThenItsEnd() throws {
        let chunks = try chunks(
            chat(
                #"""
                {"model":"tiny","messages":[{"role":"user","content":"a"}],"max_tokens":2,
                 "stream":true,"stream_options":{"include_usage":true}}
                """#))
        #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
        let deltas = try chunks.dropLast().map { try first($0)["delta"] }
        #expect(
            deltas == [
                ["role": "assistant", "content": ""], ["content": "one"], ["content": " two"], [:],
            ])
        #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
        #expect(chunks.last?["choices"] == [])
        #expect(chunks.last?["usage"]?["completion_tokens"] == 2)
    }

    @Test func whatIsWrongBeforeAStreamBeginsHasItsStatus() throws {
        _ = try complete(#"{"model":"tiny","prompt":"a","max_tokens":101,"stream":true}"#)
            .problem(422, "invalid")
    }

    @Test func whatFailsInAStreamIsItsLastEvent() throws {
        let answer = try complete(
            #"{"model":"tiny","prompt":"late failure","stream":true}"#)
        #expect(answer.status == 200)
        let last = try #require(answer.text.split(separator: "\n").last { $0.hasPrefix("data: ") })
        let error = try JSONParser.parse(last.dropFirst(6).utf8)["error"]
        #expect(error?["type"] == "server_error" && error?["code"] == "internal")
        #expect(!answer.text.contains("[DONE]"))
    }

    // MARK: Refusals

    private static let badRequests: [(String, [String])] = [
        (#"{}"#, ["/model", "/prompt"]),
        (#"{"model":"tiny","promt":"a"}"#, ["/prompt", "/promt"]),
        (#"{"model":"tiny","prompt":{}}"#, ["/prompt"]),
        (#"{"model":"tiny","prompt":["a","b"]}"#, ["/prompt"]),
        (#"{"model":"tiny","prompt":[1,99999999999]}"#, ["/prompt"]),
        (#"{"model":"tiny","prompt":"a","n":-1}"#, ["/n"]),
        (#"{"model":"tiny","prompt":"a","n":17}"#, ["/n"]),
        (#"{"model":"tiny","prompt":"a","max_tokens":-1}"#, ["/max_tokens"]),
        (#"{"model":"tiny","prompt":"a","max_tokens":1.5}"#, ["/max_tokens"]),
        (
            #"{"model":"tiny","prompt":"a","temperature":2.1,"top_p":-1}"#,
            ["/temperature", "/top_p"]
        ),
        (#"{"model":"tiny","prompt":"a","stop":[1]}"#, ["/stop"]),
        (#"{"model":"tiny","prompt":"a","stop":""}"#, ["/stop"]),
        (#"{"model":"tiny","prompt":"a","logprobs":true}"#, ["/logprobs"]),
        (#"{"model":"tiny","prompt":"a","stream":1}"#, ["/stream"]),
        (#"{"model":"tiny","prompt":"a","stream_options":{}}"#, ["/stream_options"]),
        (#"{"model":"tiny","prompt":"a","frequency_penalty":0.5}"#, ["/frequency_penalty"]),
        (#"{"model":"tiny","prompt":"a","best_of":2,"suffix":"b"}"#, ["/best_of", "/suffix"]),
        (#"[]"#, [""]),
    ]

    @Test(arguments: badRequests)
    func aBadRequestIsExplained(body: String, pointers: [String]) throws {
        let problem = try complete(body).problem(422, "invalid")
        #expect(problem.pointers.sorted() == pointers)
        #expect(problem["error"]?["type"] == "invalid_request_error")
        #expect(problem["error"]?["param"]?.string == String(pointers[0].dropFirst()))
        #expect(service.generator.requests.isEmpty)
    }

    private static let badChats: [(String, [String])] = [
        (#""messages":[]"#, ["/messages"]), (#""messages":"a""#, ["/messages"]),
        (#""prompt":"a""#, ["/messages", "/prompt"]),
        (#""messages":[{"role":"user"}]"#, ["/messages/0/content"]),
        (
            #""messages":[{"content":"a"},3]"#,
            ["/messages/0/role", "/messages/1", "/messages/1/content", "/messages/1/role"]
        ),
        (
            #""messages":[{"role":"user","content":[{"type":"image_url"}]}]"#,
            ["/messages/0/content"]
        ),
        (#""messages":[{"role":"user","content":"a","rol":1}]"#, ["/messages/0/rol"]),
        (#""messages":[{"role":"user","content":"a"}],"top_logprobs":2"#, ["/top_logprobs"]),
        (
            #""messages":[{"role":"user","content":"a"}],"max_tokens":1,"max_completion_tokens":2"#,
            ["/max_tokens"]
        ),
        (#""messages":[{"role":"user","content":"a"}],"tools":[{}]"#, ["/tools"]),
        (
            #""messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_object"}"#,
            ["/response_format"]
        ),
    ]

    @Test(arguments: badChats)
    func aBadChatIsExplained(fields: String, pointers: [String]) throws {
        let problem = try chat(#"{"model":"tiny",\#(fields)}"#).problem(422, "invalid")
        #expect(problem.pointers.sorted() == pointers)
    }

    @Test func aMisspeltFieldGetsASuggestion() throws {
        let problem = try complete(#"{"model":"tiny","prompt":"a","max_token":1}"#)
            .problem(422, "invalid")
        #expect(problem.text.contains("did you mean 'max_tokens'"))
    }

    @Test func fieldsThatAskForNothingAreTaken() throws {
        let answer = try chat(
            #"""
            {"model":"tiny","messages":[
              {"role":"user","content":"a","name":null},
              {"role":"assistant","content":"b","refusal":null,"tool_calls":null,"annotations":[],
               "audio":null,"function_call":null},
              {"role":"user","content":"c"}],
             "tools":[],"tool_choice":"none","response_format":{"type":"text"},"metadata":{},
             "frequency_penalty":0,"logit_bias":null,"store":false,"service_tier":"auto",
             "seed":null,"stop":null,"stream":null,"n":null,"top_p":null,"modalities":["text"]}
            """#)
        #expect(answer.status == 200, "\(answer.text)")
    }

    @Test func anUnknownModelIsNotFound() throws {
        let problem = try complete(#"{"model":"tinny","prompt":"a"}"#).problem(404, "not_found")
        #expect(problem["hint"]?.string?.contains("did you mean 'tiny'") == true)
        #expect(problem["error"]?["message"]?.string?.contains("tinny") == true)
        _ = try complete(#"{"model":"ckpt_none","prompt":"a"}"#).problem(404, "not_found")
    }

    @Test func whatTheGeneratorRefusesIsTheAnswer() throws {
        let problem = try complete(#"{"model":"tiny","prompt":"a","max_tokens":101}"#)
            .problem(422, "invalid")
        #expect(problem.pointers == ["/max_tokens"])
        #expect(problem["error"]?["message"]?.string?.contains("at most 100") == true)
    }
}
