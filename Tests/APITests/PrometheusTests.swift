import Foundation
import SpinDomain
import Testing

struct PrometheusTests {
    /// A service in which every family has a sample.
    private func scraped() throws -> Answer {
        let service = try TestService()
        let job = try service.insertJob()
        var row = StepMetrics(
            step: 41, iteration: 0, epoch: 0, loss: 0.25, sftLoss: 1.5, gradNorm: 2,
            learningRate: 1e-6, consumedSamples: 1, stepTime: 0.25, tokensPerSecond: 100)
        row.klPenalty = 0.1
        row.rewardsMarginMean = -.infinity
        try service.store.append(steps: [row], job: job.id)
        var iteration = IterationRecord(iteration: 0)
        iteration.generatedTokens = 1000
        iteration.trainSeconds = 2.5
        iteration.measuredKL = MeasuredKL(
            pairs: 3, actual: .init(mean: 0.5, standardError: 0.1),
            generated: .init(mean: 0.75, standardError: nil), seconds: 1.5)
        try service.store.save(iteration: iteration, job: job.id)
        try service.store.insert(
            checkpoint: CheckpointRecord(
                id: "ckpt_1", jobID: job.id, step: 42, iteration: 1, isIterationEnd: true,
                path: "/c",
                files: [
                    .init(name: "a", bytes: 30, sha256: "x"),
                    .init(name: "b", bytes: 12, sha256: "y"),
                ], validationLoss: nil, createdAt: FixedClock.moment))
        for target in ["/v1/jobs", "/v1/jobs/\(job.id)", "/v1/jobs/nowhere", "/nowhere"] {
            _ = try service.send("GET", target)
        }
        return try service.send("GET", "/metrics")
    }

    @Test func samplesHaveThePromisedNamesAndValues() throws {
        let answer = try scraped()
        #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        let lines = Set(answer.text.split(separator: "\n").map(String.init))
        let job = "job=\"job_aaaaaaaaaaaaaaaa\""
        for line in [
            "spin_build_info{version=\"1.2.3\"} 1", "spin_job_state{\(job),state=\"queued\"} 1",
            "spin_job_step{\(job)} 0", "spin_job_iteration{\(job)} 0", "spin_jobs_omitted 0",
            "spin_job_loss{\(job)} 0.25", "spin_job_kl_penalty{\(job)} 0.1",
            "spin_job_reward_margin{\(job)} -Inf", "spin_queue_jobs 1", "spin_sse_clients 0",
            "spin_tokens_total{\(job),phase=\"rollout\"} 1000",
            "spin_phase_seconds_total{\(job),phase=\"train\"} 2.5",
            "spin_phase_seconds_total{\(job),phase=\"measure_kl\"} 1.5",
            "spin_job_kl{\(job),text=\"actual\"} 0.5",
            "spin_job_kl{\(job),text=\"generated\"} 0.75", "spin_checkpoint_bytes 42",
            "spin_http_requests_total{route=\"GET /v1/jobs/{job}\",code=\"200\"} 1",
            "spin_http_requests_total{route=\"GET /v1/jobs/{job}\",code=\"404\"} 1",
            "spin_http_requests_total{route=\"none\",code=\"404\"} 1",
            "spin_http_request_seconds_bucket{route=\"none\",code=\"404\",le=\"+Inf\"} 1",
            "spin_http_request_seconds_count{route=\"GET /v1/jobs\",code=\"200\"} 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        func value(_ name: String) -> Double? {
            lines.first { $0.hasPrefix(name + " ") }.flatMap {
                Double($0.dropFirst(name.utf8.count + 1))
            }
        }
        for name in ["spin_db_bytes", "spin_db_wal_bytes", "spin_disk_free_bytes"] {
            // A page of the database at least; the rest may still be in the log.
            #expect(try #require(value(name)) >= 4096, "\(name)")
        }
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_threads",
            "process_open_fds",
        ] {
            #expect(try #require(value(name)) > 0, "\(name)")
        }
        let began = try #require(value("process_start_time_seconds"))
        #expect((0..<86_400).contains(Date().timeIntervalSince1970 - began))
        // The job, its row, its iteration and its checkpoint.
        #expect(value("spin_db_commit_seconds_count") == 4)
        #expect(try #require(value("spin_db_commit_seconds_sum")) > 0)
    }

    @Test func onlyTheNewestJobsAreExported() throws {
        let service = try TestService()
        for number in 0..<53 { try service.insertJob(id: "job_\(number)") }
        let text = try service.send("GET", "/metrics").text
        #expect(text.contains("spin_jobs_omitted 3\n"))
        #expect(text.contains("spin_job_step{job=\"job_52\"}"))
        #expect(text.contains("spin_job_step{job=\"job_3\"}"))
        #expect(!text.contains("job=\"job_2\""))
        #expect(text.contains("spin_queue_jobs 53\n"))
    }

    private static let promtool = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":").map { $0 + "/promtool" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: promtool != nil, "promtool is not installed (Debian: prometheus)"))
    func promtoolAcceptsTheText() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(try scraped().body))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
        #expect(said.isEmpty, "\(String(decoding: said, as: UTF8.self))")
    }
}
