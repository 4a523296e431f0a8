import Foundation
import SpinDomain
import Testing

struct MetricsRoutesTests {
    /// A job with `count` rows, ten an iteration; values whose digits are long.
    private func service(_ transport: Transport = .direct, rows count: Int = 25) throws -> (
        service: TestService, path: String
    ) {
        let service = try TestService(transport)
        let job = try service.insertJob()
        try service.store.append(steps: (0..<count).map(Self.row), job: job.id)
        return (service, "/v1/jobs/\(job.id)/metrics")
    }

    private static func row(_ step: Int) -> StepMetrics {
        var row = StepMetrics(
            step: step, iteration: step / 10, epoch: 0, loss: 1 / Double(step + 3), sftLoss: 1.5,
            gradNorm: 0.1 + Double(step), learningRate: 5e-7 / 3, consumedSamples: 16 * (step + 1),
            stepTime: 0.25, tokensPerSecond: 1e22)
        row.rewardsMarginMean = 2.0.squareRoot()
        row.klPenalty = 0.1
        return row
    }

    private func steps(_ answer: Answer) throws -> [Int] {
        try answer.json["data"]?.array?.compactMap { $0["step"]?.integer } ?? []
    }

    @Test(arguments: Transport.allCases)
    func rowsAreTheDefault(transport: Transport) throws {
        let (service, path) = try service(transport)
        let answer = try service.send("GET", path)
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type") == "application/json")
        let json = try answer.json
        #expect(json.object?.keys == ["data", "has_more", "next"])
        #expect(json["has_more"] == false)
        #expect(json["next"] == ["after_step": 24])
        let row = try #require(json["data"]?.array?[4])
        #expect(row.object?.keys == StepMetrics.names)
        #expect(row["step"] == 4)
        #expect(row["loss"] == .number(1.0 / 7))
        #expect(row["acc"] == .null)
        #expect(row["scaled_rewards_margin_mean"] == .number(0.1 * 2.0.squareRoot()))
        #expect(row["consumed_samples"] == 80)
        #expect(try service.send("GET", path + "?format=rows").body == answer.body)
    }

    @Test(arguments: Transport.allCases)
    func everyFormatCarriesTheSameNumbers(transport: Transport) throws {
        let (service, path) = try service(transport)
        let rows = try #require(try service.send("GET", path).json["data"]?.array)
        let columns = try service.send("GET", path + "?format=columns").json
        let lines = try service.send("GET", path, headers: [("Accept", "application/x-ndjson")])
        let csv = try service.send("GET", path, headers: [("Accept", "text/csv")])
        #expect(lines.header("Content-Type") == "application/x-ndjson")
        #expect(csv.header("Content-Type") == "text/csv")
        #expect(csv.header("X-Next-After-Step") == "24")
        let objects = try lines.text.split(separator: "\n").map { try JSONParser.parse($0.utf8) }
        #expect(Array(objects.dropLast()) == rows)
        #expect(objects.last == ["end": true, "has_more": false, "next": ["after_step": 24]])
        let records = csv.text.components(separatedBy: "\r\n")
        #expect(records.first == StepMetrics.names.joined(separator: ","))
        #expect(records.count == rows.count + 2 && records.last == "")
        for (index, row) in rows.enumerated() {
            let fields = records[index + 1].components(separatedBy: ",")
            for (field, name) in zip(fields, StepMetrics.names) {
                #expect(Double(field)?.bitPattern == row[name]?.double?.bitPattern)
                #expect(columns["data"]?[name]?.array?[index] == row[name])
            }
        }
    }

    @Test func pagesTogetherAreTheWhole() throws {
        let (service, path) = try service()
        var seen: [Int] = []
        var target: String? = path + "?limit=7&after_step=-1"
        while let next = target {
            let answer = try service.send("GET", next)
            seen += try steps(answer)
            let after = try #require(try answer.json["next"]?["after_step"]?.integer)
            target =
                try answer.json["has_more"] == true
                ? path + "?limit=7&after_step=\(after)" : nil
        }
        #expect(seen == Array(0..<25))
        let end = try service.send("GET", path + "?after_step=24")
        #expect(try end.json == ["data": [], "has_more": false, "next": ["after_step": 24]])
    }

    @Test func rowsCanBeChosen() throws {
        let (service, path) = try service()
        #expect(
            try steps(service.send("GET", path + "?every=8")) == [0, 8, 16, 24])
        let every = try service.send("GET", path + "?every=8&limit=2")
        #expect(try steps(every) == [0, 8])
        #expect(try every.json["has_more"] == true)
        let after = try #require(try every.json["next"]?["after_step"]?.integer)
        #expect(
            try steps(service.send("GET", path + "?every=8&after_step=\(after)")) == [16, 24])
        #expect(try steps(service.send("GET", path + "?iteration=1")) == Array(10..<20))
        let names = try service.send("GET", path + "?names=acc,loss&limit=1").json
        #expect(names["data"]?.array?.first?.object?.keys == ["step", "loss", "acc"])
    }

    @Test func stepsMayHaveAnEndAndNamesABeginning() throws {
        let (service, path) = try service()
        #expect(try steps(service.send("GET", path + "?before_step=3")) == [0, 1, 2])
        #expect(try steps(service.send("GET", path + "?iteration=1..2")) == Array(10..<25))
        let names = try service.send("GET", path + "?names=scaled*,lr&limit=1").json
        #expect(
            names["data"]?.array?.first?.object?.keys == [
                "step", "scaled_rewards_actual_mean", "scaled_rewards_generated_mean",
                "scaled_rewards_margin_mean", "lr",
            ])
    }

    @Test(arguments: Transport.allCases)
    func rowsWrittenLateOrAgainComeBySequence(transport: Transport) throws {
        let (service, path) = try service(transport, rows: 10)
        let first = try service.send("GET", path + "?after_seq=0&limit=4")
        #expect(try steps(first) == [0, 1, 2, 3])
        #expect(try first.json["next"] == ["after_seq": 4])
        #expect(first.header("X-Next-After-Seq") == "4")
        #expect(try steps(service.send("GET", path + "?after_seq=4")) == Array(4..<10))
        try service.store.append(steps: [Self.row(2)], job: "job_aaaaaaaaaaaaaaaa")
        let late = try service.send("GET", path + "?after_seq=10&format=csv&names=loss")
        #expect(late.text.hasPrefix("step,loss\r\n2,"))
        #expect(late.header("X-Next-After-Seq") == "11")
        let empty = try service.send("GET", path + "?after_seq=11").json
        #expect(empty == ["data": [], "has_more": false, "next": ["after_seq": 11]])
    }

    @Test func thereIsNothingBeforeTheFirstStep() throws {
        let (service, path) = try service(rows: 0)
        let answer = try service.send("GET", path).json
        #expect(answer == ["data": [], "has_more": false, "next": ["after_step": .null]])
    }

    @Test func numbersThatAreNotFiniteAreNull() throws {
        let (service, path) = try service(rows: 0)
        var row = Self.row(0)
        row.loss = .infinity
        try service.store.append(steps: [row], job: "job_aaaaaaaaaaaaaaaa")
        #expect(try service.send("GET", path).json["data"]?.array?.first?["loss"] == .null)
    }

    @Test func theTagChangesWithTheRows() throws {
        let (service, path) = try service()
        let tag = try #require(try service.send("GET", path).header("ETag"))
        let header = [(name: "If-None-Match", value: tag)]
        #expect(try service.send("GET", path, headers: header).status == 304)
        try service.store.append(steps: [Self.row(25)], job: "job_aaaaaaaaaaaaaaaa")
        #expect(try service.send("GET", path, headers: header).status == 200)
    }

    @Test(arguments: [
        "limit=0", "limit=10001", "every=0", "after_step=-2", "names=los", "format=xml", "wait=31",
        "wait=-1", "wait=nan", "iteration=-1", "after=3", "after_step=99999999999999999999",
    ])
    func aBadQueryIsRefused(query: String) throws {
        let (service, path) = try service(rows: 0)
        _ = try service.send("GET", path + "?" + query).problem(400, "malformed")
    }

    @Test func aTypeThatThereIsNotIsRefused() throws {
        let (service, path) = try service(rows: 0)
        for accept in ["text/html", "application/json;q=0, text/csv;q=0"] {
            _ = try service.send("GET", path, headers: [("Accept", accept)])
                .problem(406, "not_acceptable")
        }
        let accept = "text/html, application/json;q=0.5, text/*;q=0.8"
        let answer = try service.send("GET", path, headers: [("Accept", accept)])
        #expect(answer.header("Content-Type") == "text/csv")
    }

    @Test func aClientMayWaitForTheNextRow() throws {
        let (service, path) = try service(.socket, rows: 3)
        let waiting = InBackground {
            try service.send("GET", path + "?after_step=2&wait=30")
        }
        try service.store.append(steps: [Self.row(3)], job: "job_aaaaaaaaaaaaaaaa")
        #expect(try steps(waiting.value()) == [3])
    }

    @Test func aClientMayWaitForARowThatIsWrittenAgain() throws {
        let (service, path) = try service(.socket, rows: 3)
        let waiting = InBackground {
            try service.send("GET", path + "?after_seq=3&wait=30")
        }
        try service.store.append(steps: [Self.row(1)], job: "job_aaaaaaaaaaaaaaaa")
        #expect(try steps(waiting.value()) == [1])
        let timed = try service.send("GET", path + "?after_seq=4&wait=0.1").json
        #expect(timed["next"] == ["after_seq": 4])
    }

    @Test func waitingEndsWithTheTimeOrTheJob() throws {
        let (service, path) = try service(.socket, rows: 3)
        let empty: JSONValue = ["data": [], "has_more": false, "next": ["after_step": 2]]
        #expect(try service.send("GET", path + "?after_step=2&wait=0.1").json == empty)
        let waiting = InBackground {
            try service.send("GET", path + "?after_step=2&wait=30")
        }
        try service.cancelJob()
        #expect(try waiting.value().json == empty)
    }
}
