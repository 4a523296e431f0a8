import MicroHTTP
import SpinDomain

// What Prometheus scrapes.

extension Service {
    private static let maximumJobs = 50

    func showPrometheus(_ call: Call) throws -> HTTPResponse {
        let statistics = try store.statistics()
        let jobs = try store.jobs(status: nil, limit: Self.maximumJobs, after: nil).elements
        var text = PrometheusText()
        writeBuild(to: &text)
        try writeJobs(jobs, total: statistics.jobs.values.reduce(0, +), to: &text)
        let iterations = try jobs.map { ($0.id, try store.iterations(job: $0.id)) }
        writeKL(iterations, to: &text)
        writePhases(iterations, to: &text)
        writeRequests(to: &text)
        writeStore(statistics, to: &text)
        writeProcess(to: &text)
        return .text(text.text, contentType: PrometheusText.mediaType)
    }

    private func writeBuild(to text: inout PrometheusText) {
        text.family("spin_build_info", .gauge, "The program; always 1.")
        text.sample("spin_build_info", [("version", version)], 1)
    }

    private func writeJobs(_ jobs: [Job], total: Int, to text: inout PrometheusText) throws {
        text.family("spin_job_state", .gauge, "1 for the state that the job is in.")
        for job in jobs {
            text.sample(
                "spin_job_state", [("job", job.id), ("state", job.status.rawValue)], 1)
        }
        text.gauge(
            "spin_jobs_omitted", "Jobs that are not exported, being older than the newest 50.",
            Double(total - jobs.count))
        func family(_ name: String, _ help: String, _ value: (Job) throws -> Double?) rethrows {
            text.family(name, .gauge, help)
            for job in jobs {
                guard let value = try value(job) else { continue }
                text.sample(name, [("job", job.id)], value)
            }
        }
        family("spin_job_step", "Optimizer steps done.") { Double($0.progress.step) }
        family("spin_job_iteration", "Iterations done.") { Double($0.progress.iteration) }
        var last: [String: StepMetrics] = [:]
        for job in jobs { last[job.id] = try store.lastStep(job: job.id)?.metrics }
        family("spin_job_loss", "Loss of the last step.") { last[$0.id]?.loss }
        family("spin_job_kl_penalty", "KL penalty of the last step.") { last[$0.id]?.klPenalty }
        family("spin_job_reward_margin", "Mean raw reward margin of the last step, in nats.") {
            last[$0.id]?.rewardsMarginMean
        }
    }

    private func writeKL(
        _ iterations: [(job: String, records: [IterationRecord])], to text: inout PrometheusText
    ) {
        text.family(
            "spin_job_kl", .gauge,
            "KL(policy||reference policy) along responses at the end of the last iteration that "
                + "was measured, in nats a response.")
        for (job, records) in iterations {
            guard let kl = records.compactMap(\.measuredKL).last else { continue }
            text.sample("spin_job_kl", [("job", job), ("text", "actual")], kl.actual.mean)
            text.sample("spin_job_kl", [("job", job), ("text", "generated")], kl.generated.mean)
        }
    }

    /// By job, so that a job that is deleted takes its series along and no counter goes back.
    private func writePhases(
        _ iterations: [(job: String, records: [IterationRecord])], to text: inout PrometheusText
    ) {
        text.family(
            "spin_tokens_total", .counter, "Tokens of finished phases, for now of rollouts.")
        for (job, records) in iterations {
            let tokens = records.compactMap(\.generatedTokens).reduce(0, +)
            text.sample(
                "spin_tokens_total", [("job", job), ("phase", "rollout")], Double(tokens))
        }
        text.family("spin_phase_seconds_total", .counter, "Seconds of finished phases.")
        let phases: [(String, KeyPath<IterationRecord, Double?>)] = [
            ("rollout", \.rolloutSeconds), ("reference", \.referenceSeconds),
            ("train", \.trainSeconds), ("validate", \.validationSeconds),
            ("save", \.checkpointSeconds), ("measure_kl", \.measuredKL?.seconds),
        ]
        for (job, records) in iterations {
            for (phase, seconds) in phases {
                text.sample(
                    "spin_phase_seconds_total", [("job", job), ("phase", phase)],
                    records.compactMap { $0[keyPath: seconds] }.reduce(0, +))
            }
        }
    }

    private func writeRequests(to text: inout PrometheusText) {
        let all = requests.all
        func labels(_ key: RequestCounters.Key) -> [(name: String, value: String)] {
            [("route", key.route), ("code", "\(key.status)")]
        }
        text.family("spin_http_requests_total", .counter, "Requests answered.")
        for (key, histogram) in all {
            text.sample("spin_http_requests_total", labels(key), Double(histogram.count))
        }
        text.family(
            "spin_http_request_seconds", .histogram,
            "Time to make an answer, with what the client asked to wait; "
                + "a stream counts until it begins.")
        for (key, histogram) in all {
            var count = 0
            for (bound, more) in zip(RequestCounters.bounds, histogram.counts) {
                count += more
                text.sample(
                    "spin_http_request_seconds_bucket", labels(key) + [("le", "\(bound)")],
                    Double(count))
            }
            text.sample(
                "spin_http_request_seconds_bucket", labels(key) + [("le", "+Inf")],
                Double(histogram.count))
            text.sample("spin_http_request_seconds_sum", labels(key), histogram.seconds)
            text.sample("spin_http_request_seconds_count", labels(key), Double(histogram.count))
        }
        text.gauge(
            "spin_sse_clients", "Open streams of events.", Double(events.listenerCount))
    }

    private func writeProcess(to text: inout PrometheusText) {
        guard let facts = ProcessFacts() else { return }
        text.family(
            "process_cpu_seconds_total", .counter, "Processor time of this process, in seconds.")
        text.sample("process_cpu_seconds_total", [], facts.cpuSeconds)
        text.gauge(
            "process_resident_memory_bytes", "Memory of this process that is in use.",
            Double(facts.residentBytes))
        text.gauge("process_threads", "Threads of this process.", Double(facts.threads))
        text.gauge(
            "process_open_fds", "Files and connections that are open.", Double(facts.openFiles))
        text.gauge(
            "process_start_time_seconds", "When this process began, in seconds since 1970.",
            facts.startSeconds)
    }

    private func writeStore(_ statistics: StoreStatistics, to text: inout PrometheusText) {
        text.gauge(
            "spin_queue_jobs", "Jobs that wait for their turn.",
            Double(statistics.jobs[.queued] ?? 0))
        text.gauge("spin_db_bytes", "Size of the database.", Double(statistics.databaseBytes))
        text.gauge(
            "spin_db_wal_bytes", "Size of the database's write-ahead log.",
            Double(statistics.walBytes))
        text.family(
            "spin_db_commit_seconds", .summary,
            "Transactions written, from the wait for the writer to the disk.")
        text.sample("spin_db_commit_seconds_sum", [], statistics.commitSeconds)
        text.sample("spin_db_commit_seconds_count", [], Double(statistics.commits))
        text.gauge(
            "spin_disk_free_bytes", "Free space on the data folder's disk.",
            Double(statistics.diskFreeBytes))
        text.gauge(
            "spin_checkpoint_bytes", "Size of all checkpoints.",
            Double(statistics.checkpointBytes))
    }
}
