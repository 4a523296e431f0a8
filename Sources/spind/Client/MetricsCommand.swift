import ArgumentParser
import Client
import SpinDomain

/// `spind metrics`: numbers of a job, as small charts, a table or a file.
struct MetricsCommand: ClientCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case chart, table, csv, ndjson
    }

    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Show a job's metrics: charts, a table, CSV or NDJSON.",
        discussion: """
            A chart is made of all steps. The other formats have the steps one by one; --json has
            one page of them, and says where the next one begins.
            """)

    @Argument(help: JobArgument.help, completion: JobArgument.completion)
    var job: String

    @Option(help: "Names with commas between; rewards* stands for all that begin so.")
    var names: String?

    @Option(help: "chart, table, csv or ndjson.")
    var format = Format.chart

    @Option(help: "Only this iteration, or several as 3..5.")
    var iteration: String?

    @Option(help: "Only steps after this one.")
    var afterStep: Int?

    @Option(help: "Only every so many steps.")
    var every: Int?

    @Option(help: "At most so many steps.")
    var limit: Int?

    @OptionGroup(title: "Server") var options: ClientOptions

    private static let usualNames =
        "loss,acc,rewards_margin_mean,grad_norm,lr,sft_loss,tokens_per_second"

    func validate() throws {
        guard limit.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--limit: expected a number from 1")
        }
        guard format != .chart || options.json || (every == nil && limit == nil) else {
            throw ValidationError("--every and --limit do not go with a chart; add --format table")
        }
    }

    func run(_ client: ServerClient) throws {
        let path = try client.job(job).path + "/metrics"
        switch format {
        case _ where options.json:
            Console.say(try client.get(path, query: query(names, after: afterStep, limit)))
        case .chart: try showChart(client, path)
        case .table: try showTable(client, path)
        case .csv, .ndjson: try copy(client, path)
        }
    }

    private func query(_ names: String?, after: Int?, _ limit: Int?) -> ServerClient.Query {
        [
            ("names", names), ("iteration", iteration), ("after_step", after.map(String.init)),
            ("every", every.map(String.init)), ("limit", limit.map(String.init)),
        ]
    }

    private func showChart(_ client: ServerClient, _ path: String) throws {
        let chart = query(names ?? Self.usualNames, after: afterStep, nil) + [("buckets", "48")]
        let names = try client.get(path, query: chart).json()["data"]?.object?.members ?? []
        var table = TextTable(["METRIC", "LAST", "MIN", "MAX", ""], alignsRight: [1, 2, 3])
        for (name, columns) in names where name != "step" {
            func values(_ field: String) -> [Double?] {
                columns[field]?.array?.map(\.double) ?? []
            }
            table.append([
                name, Quantity.number(values("last").compactMap(\.self).last),
                Quantity.number(values("min").compactMap(\.self).min()),
                Quantity.number(values("max").compactMap(\.self).max()),
                Chart.sparkline(values("mean"), width: 48),
            ])
        }
        Console.say(table.isEmpty ? ["no steps yet"] : table.lines)
    }

    private func showTable(_ client: ServerClient, _ path: String) throws {
        let limit = limit ?? 1000
        let page = try client.get(
            path, query: query(names ?? "iteration," + Self.usualNames, after: afterStep, limit)
        ).json()
        let rows = page["data"]?.array ?? []
        guard let heads = rows.first?.object?.keys else { return Console.say("no steps yet") }
        var table = TextTable(heads.map { $0.uppercased() }, alignsRight: Set(heads.indices))
        for row in rows { table.append(heads.map { Quantity.number(row[$0]?.double) }) }
        Console.say(table.lines)
        if page["has_more"]?.bool == true {
            Console.complain("there are more: --after-step, --limit, --every")
        }
    }

    /// All pages as one file: one line of heads, no line that says where to go on.
    private func copy(_ client: ServerClient, _ path: String) throws {
        let largest = 10_000
        let type = format == .csv ? "text/csv" : "application/x-ndjson"
        var after = afterStep
        var left = limit ?? Int.max
        var isFirst = true
        while left > 0 {
            let answer = try client.get(
                path, query: query(names, after: after, min(left, largest)), accepting: type)
            var lines = answer.body.split(separator: UInt8(ascii: "\n"))
            if format == .ndjson { lines = Array(lines.dropLast()) }
            if format == .csv, !isFirst { lines = Array(lines.dropFirst()) }
            Console.say(lines.map { String(decoding: $0, as: UTF8.self) })
            left -= lines.count - (format == .csv && isFirst ? 1 : 0)
            isFirst = false
            guard answer.header("X-Has-More") == "true",
                let next = answer.header("X-Next-After-Step").flatMap({ Int($0) })
            else { return }
            after = next
        }
    }
}
