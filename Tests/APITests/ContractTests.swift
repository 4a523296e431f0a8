import API
import Documents
import Foundation
import MicroHTTP
import SpinDomain
import Testing

/// Routes and openapi.yaml say the same.
struct ContractTests {
    private let contract: JSONValue

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../openapi.yaml")
        contract = try DocumentReader.yaml(Data(contentsOf: file))
    }

    private static let methods = ["get", "post", "put", "patch", "delete"]

    /// Every operation by "METHOD path", with the parameters of its path.
    private func operations() throws -> [String: JSONValue] {
        var operations: [String: JSONValue] = [:]
        for (path, item) in try #require(contract["paths"]?.object).members {
            let shared = item["parameters"]?.array ?? []
            for method in Self.methods {
                guard var operation = item[method]?.object else { continue }
                operation["parameters"] = .array(shared + (operation["parameters"]?.array ?? []))
                operations["\(method.uppercased()) \(path)"] = .object(operation)
            }
        }
        return operations
    }

    /// Follows references within the document.
    private func resolved(_ value: JSONValue) throws -> JSONValue {
        guard let reference = value["$ref"]?.string else { return value }
        return try reference.split(separator: "/").dropFirst().reduce(contract) {
            try #require($0[String($1)], "\(reference)")
        }
    }

    @Test func theRoutesAreTheOperations() throws {
        let routes = Set(Route.all.map { "\($0.method) \($0.pattern)" })
        #expect(routes.count == Route.all.count)
        #expect(routes == Set(try operations().keys))
    }

    @Test func theQueryParametersAreTheSame() throws {
        let operations = try operations()
        for route in Route.all {
            let operation = try #require(operations["\(route.method) \(route.pattern)"])
            let parameters = try (operation["parameters"]?.array ?? []).map(resolved)
            func names(_ place: String) -> Set<String> {
                Set(
                    parameters.filter { $0["in"]?.string == place }.compactMap {
                        $0["name"]?.string
                    })
            }
            #expect(names("query") == Set(route.query), "\(route.method) \(route.pattern)")
            let inPath = route.pattern.split(separator: "/").filter { $0.hasPrefix("{") }
            #expect(names("path") == Set(inPath.map { String($0.dropFirst().dropLast()) }))
        }
    }

    @Test func theBodiesAreTheSame() throws {
        let operations = try operations()
        for route in Route.all {
            let operation = try #require(operations["\(route.method) \(route.pattern)"])
            let types = operation["requestBody"]?["content"]?.object?.keys ?? []
            switch route.body {
            case .none: #expect(types.isEmpty)
            case .document: #expect(types == DocumentFormat.allCases.flatMap(\.mediaTypes))
            case .rows: #expect(types.contains("application/jsonl"))
            }
        }
    }

    @Test func theScopesAreTheSame() throws {
        let operations = try operations()
        let usual: JSONValue = [[:], ["key": []]]
        #expect(contract["security"] == usual)
        for route in Route.all {
            let name = "\(route.method) \(route.pattern)"
            let security = operations[name]?["security"] ?? usual
            switch route.scope {
            case nil: #expect(security == [], "\(name)")
            case .admin: #expect(security == [[:], ["key": ["admin"]]], "\(name)")
            default: #expect(security == usual, "\(name)")
            }
        }
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        var count = 0
        func visit(_ value: JSONValue) throws {
            if value["$ref"] != nil {
                _ = try resolved(value)
                count += 1
            }
            for element in value.array ?? [] { try visit(element) }
            for member in value.object?.members ?? [] { try visit(member.value) }
        }
        try visit(contract)
        #expect(count > 100)
    }

    @Test func everyExampleIsAccepted() throws {
        var accepted = 0
        for (name, operation) in try operations() {
            for (type, media) in operation["requestBody"]?["content"]?.object?.members ?? [] {
                for example in media["examples"]?.object?.members ?? [] {
                    let value = try #require(example.value["value"])
                    #expect(
                        try answer(to: name, type: type, value).status < 300, "\(name) \(type)")
                    accepted += 1
                }
            }
        }
        #expect(accepted >= 7)
    }

    /// The answer of a service where what the examples name is registered.
    private func answer(to name: String, type: String, _ value: JSONValue) throws -> Answer {
        let service = try TestService(webhooksAreOn: true)
        let models = service.folder.appendingPathComponent("models")
        let gguf = "smollm2-135m-instruct.gguf"
        try Data("GGUF".utf8).write(to: models.appendingPathComponent(gguf))
        if name.hasSuffix("/clone") { try service.register() }
        if name == "POST /v1/jobs" || name.hasSuffix("completions") {
            try service.register(model: "smollm2-135m-instruct", path: gguf)
            try service.register(dataset: "gsm8k-train")
            try service.register(dataset: "gsm8k-test")
        }
        // Steps need a manual job; a change of place needs a queued one.
        let job =
            name.hasSuffix("/step")
            ? try service.insertJob(status: .waiting, mode: .manual) : try service.insertJob()
        let checkpoint = CheckpointRecord(
            id: "ckpt_example", jobID: job.id, step: 4, iteration: 1, isIterationEnd: true,
            path: "/nowhere", files: [], createdAt: FixedClock.moment)
        try service.store.insert(checkpoint: checkpoint)
        let parts = name.split(separator: " ")
        let target =
            parts[1].replacingOccurrences(of: "{job}", with: job.id)
            .replacingOccurrences(of: "{checkpoint}", with: checkpoint.id)
            + (name == "POST /v1/datasets" ? "?name=example" : "")
        return try service.send(
            String(parts[0]), target, type: type, body: value.string ?? value.text)
    }

    @Test func theConfigurationsKeysAndDefaultsAreTheSame() throws {
        try compare(
            schema: "Configuration",
            with: JobConfiguration(name: "untitled", model: "", dataset: "").json)
    }

    private func compare(schema name: String, with defaults: JSONValue) throws {
        let schema = try #require(contract["components"]?["schemas"]?[name])
        let properties = try #require(schema["properties"]?.object)
        #expect(properties.keys == defaults.object?.keys, "\(name)")
        for (key, property) in properties.members {
            let value = try #require(defaults[key])
            if let reference = property["$ref"]?.string, value.object != nil {
                try compare(schema: String(reference.split(separator: "/").last ?? ""), with: value)
            } else if !["model", "dataset"].contains(key) {
                #expect(property["default"] == value, "\(name).\(key)")
            }
        }
    }

    @Test func theServiceGivesTheDocument() throws {
        let answer = try TestService().send("GET", "/openapi.yaml")
        #expect(answer.status == 200)
        #expect(try DocumentReader.yaml(answer.body) == contract)
    }

    @Test func theMetricsAreTheSame() throws {
        let schema = contract["components"]?["schemas"]?["Metrics"]?["properties"]?.object
        #expect(schema?.keys == StepMetrics.names)
    }
}
