import Foundation
import SpinDomain
import Testing

struct BucketRoutesTests {
    private static let fields = [
        "x0", "x1", "n", "min", "max", "mean", "last", "argmin", "argmax", "nonfinite",
    ]
    private static let second = "job_bbbbbbbbbbbbbbbb"

    private static func row(_ step: Int) -> StepMetrics {
        var row = StepMetrics(
            step: step, iteration: step / 1000, epoch: 0,
            loss: step == 1500 ? -9 : Double(step * 7919 % 1009) / 1009, sftLoss: 1.5,
            gradNorm: 2, learningRate: 1e-6, consumedSamples: step, stepTime: 0.25,
            tokensPerSecond: 100)
        if step % 2 == 0 { row.accuracy = 0.5 }
        return row
    }

    private func service(
        _ transport: Transport = .direct, rows count: Int = 3000
    ) throws -> (service: TestService, path: String) {
        let service = try TestService(transport)
        let job = try service.insertJob()
        try service.store.append(steps: (0..<count).map(Self.row), job: job.id)
        return (service, "/v1/jobs/\(job.id)/metrics")
    }

    private func integers(_ json: JSONValue?, _ field: String) -> [Int] {
        json?[field]?.array?.compactMap(\.integer) ?? []
    }

    @Test(arguments: Transport.allCases)
    func bucketsHaveEdgesAtMultiplesOfTheirWidth(transport: Transport) throws {
        let (service, path) = try service(transport)
        for count in [1, 2, 3, 47, 500, 3000, 4096] {
            let answer = try service.send("GET", path + "?buckets=\(count)&names=loss,acc")
            let json = try answer.json
            let width = try #require(json["width"]?.integer)
            #expect(width & (width - 1) == 0)
            #expect(answer.header("X-Bucket-Width") == "\(width)")
            #expect(json["data"]?.object?.keys == ["loss", "acc"])
            let loss = try #require(json["data"]?["loss"])
            #expect(loss.object?.keys == Self.fields)
            let starts = integers(loss, "x0")
            #expect(starts == Array(stride(from: 0, to: 3000, by: width)))
            // At the next finer width there would be too many.
            #expect(starts.count <= count)
            #expect(width == 1 || (3000 + width / 2 - 1) / (width / 2) > count)
            #expect(integers(loss, "x1") == starts.map { $0 + width })
            #expect(integers(loss, "n").reduce(0, +) == 3000)
            #expect(integers(json["data"]?["acc"], "n").reduce(0, +) == 1500)
            let least = loss["min"]?.array?.compactMap(\.double).min()
            #expect(least == -9)
            #expect(integers(loss, "argmin").contains(1500))
        }
    }

    @Test func singleStepsAreTheRows() throws {
        let (service, path) = try service()
        let zoom = "after_step=1490&before_step=1510"
        let buckets = try service.send("GET", path + "?names=loss&buckets=100&" + zoom).json
        let rows = try service.send("GET", path + "?names=loss&format=columns&" + zoom).json
        #expect(buckets["width"] == 1)
        for field in ["min", "max", "mean", "last"] {
            #expect(buckets["data"]?["loss"]?[field] == rows["data"]?["loss"])
        }
        for field in ["x0", "argmin", "argmax"] {
            #expect(buckets["data"]?["loss"]?[field] == rows["data"]?["step"])
        }
    }

    @Test func partsOfAJobCanBeLookedAt() throws {
        let (service, path) = try service()
        func count(_ query: String) throws -> Int {
            let json = try service.send("GET", path + "?names=loss&buckets=7&" + query).json
            return integers(json["data"]?["loss"], "n").reduce(0, +)
        }
        #expect(try count("iteration=1") == 1000)
        #expect(try count("iteration=1..2") == 2000)
        #expect(try count("after_step=10&before_step=20") == 9)
        #expect(try count("iteration=9") == 0)
        #expect(try count("iteration=0&after_step=989") == 10)
    }

    @Test func everyFormatCarriesTheSameNumbers() throws {
        let (service, path) = try service()
        let target = path + "?names=loss,acc&buckets=40"
        let columns = try #require(try service.send("GET", target).json["data"])
        let rows = try #require(
            try service.send("GET", target + "&format=rows").json["data"]?.array)
        let lines = try service.send("GET", target, headers: [("Accept", "application/x-ndjson")])
        let objects = try lines.text.split(separator: "\n").map { try JSONParser.parse($0.utf8) }
        #expect(Array(objects.dropLast()) == rows)
        #expect(objects.last == ["end": true, "width": 128])
        let csv = try service.send("GET", target, headers: [("Accept", "text/csv")])
        let records = csv.text.components(separatedBy: "\r\n")
        #expect(records.first == "name," + Self.fields.joined(separator: ","))
        #expect(records.count == rows.count + 2)
        var place: [String: Int] = [:]
        for (row, record) in zip(rows, records.dropFirst()) {
            let name = try #require(row["name"]?.string)
            let index = place[name, default: 0]
            place[name] = index + 1
            let texts = record.components(separatedBy: ",")
            #expect(texts[0] == name)
            for (field, text) in zip(Self.fields, texts.dropFirst()) {
                #expect(row[field] == columns[name]?[field]?.array?[index])
                #expect(row[field]?.double?.bitPattern == Double(text)?.bitPattern)
            }
        }
        #expect(place.count == 2)
    }

    @Test func aBucketWithoutFiniteValueHasNoExtremes() throws {
        let (service, path) = try service(rows: 0)
        #expect(
            try service.send("GET", path + "?names=loss&buckets=9").json["data"]?["loss"]?["x0"]
                == [])
        var row = Self.row(0)
        row.loss = .infinity
        try service.store.append(steps: [row], job: "job_aaaaaaaaaaaaaaaa")
        let json = try service.send("GET", path + "?names=loss&buckets=9").json
        let loss = json["data"]?["loss"]
        for field in ["min", "max", "mean", "last", "argmin", "argmax"] {
            #expect(loss?[field] == [.null])
        }
        #expect(loss?["n"] == [1] && loss?["nonfinite"] == [1])
    }

    @Test(arguments: [
        "buckets=0", "buckets=4097", "buckets=9&limit=3", "buckets=9&every=2", "buckets=9&wait=1",
        "buckets=9&after_seq=0", "buckets=9&names=lost*", "iteration=5..3", "iteration=1.2",
        "iteration=..3", "iteration=%2B3", "iteration=3..", "before_step=-1", "after_seq=-1",
    ])
    func aBadQueryIsRefused(query: String) throws {
        let (service, path) = try service(rows: 0)
        _ = try service.send("GET", path + "?" + query).problem(400, "malformed")
    }

    @Test(arguments: Transport.allCases)
    func metricsAreListedWithWhatTheyCameTo(transport: Transport) throws {
        let (service, path) = try service(transport)
        let list = try #require(try service.send("GET", path + "/names").json["data"]?.array)
        #expect(!list.contains { $0["name"] == "mfu" || $0["name"] == "step" })
        let loss = try #require(list.first { $0["name"] == "loss" })
        #expect(loss["count"] == 3000 && loss["last_step"] == 2999 && loss["min"] == -9.0)
        let accuracy = try #require(list.first { $0["name"] == "acc" })
        #expect(
            accuracy == [
                "object": "metric", "name": "acc", "count": 1500, "nonfinite": 0, "first_step": 0,
                "last_step": 2998, "last": 0.5, "min": 0.5, "max": 0.5,
            ])
    }

    @Test(arguments: Transport.allCases)
    func severalJobsComeInOneAnswer(transport: Transport) throws {
        let (service, path) = try service(transport)
        let first = "job_aaaaaaaaaaaaaaaa"
        try service.insertJob(id: Self.second)
        try service.store.append(steps: (0..<90).map(Self.row), job: Self.second)
        let target = "/v1/metrics?jobs=\(Self.second),\(first)&names=loss,acc"
        let exact = try service.send("GET", target + "&limit=50").json
        let pages = try #require(exact["data"]?.array)
        #expect(pages.map { $0["job"] } == [.string(Self.second), .string(first)])
        let alone = try service.send(
            "GET", path + "?names=loss,acc&limit=50&format=columns"
        ).json
        #expect(pages[1]["data"] == alone["data"] && pages[1]["next"] == alone["next"])

        let overview = try service.send("GET", target + "&buckets=100").json
        let buckets = try #require(overview["data"]?.array)
        #expect(overview["width"] == 32)
        #expect(integers(buckets[0]["data"]?["loss"], "x0") == [0, 32, 64])
        let whole = try service.send("GET", path + "?names=loss,acc&buckets=100").json
        #expect(buckets[1]["data"] == whole["data"])
    }

    @Test func jobsToCompareMustBeNamedAndKnown() throws {
        let (service, _) = try service(rows: 1)
        let first = "job_aaaaaaaaaaaaaaaa"
        let many = (0..<21).map { "j\($0)" }.joined(separator: ",")
        for query in ["", "?jobs=", "?jobs=\(first),\(first)", "?jobs=\(many)", "?jobs=a&wait=1"] {
            _ = try service.send("GET", "/v1/metrics" + query).problem(400, "malformed")
        }
        for query in ["jobs=\(first),job_nowhere", "jobs=\(first),", "jobs=x&buckets=3"] {
            _ = try service.send("GET", "/v1/metrics?" + query).problem(404, "not_found")
        }
    }

    @Test func definitionsAreListed() throws {
        let (service, _) = try service(rows: 0)
        let answer = try service.send("GET", "/v1/metrics/definitions").json
        let list = try #require(answer["data"]?.array)
        #expect(list.compactMap { $0["name"]?.string } == StepMetrics.names)
        let accuracy = try #require(list.first { $0["name"] == "acc" })
        #expect(accuracy["direction"] == "higher" && accuracy["unit"] == "share")
    }
}
