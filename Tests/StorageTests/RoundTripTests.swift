import SpinDomain
import Storage
import Testing

/// What goes in comes out, bit for bit, also after the file was closed and opened again.
struct RoundTripTests {
    private static let rounds = 40

    @Test func jobsComeBackAsTheyWere() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 1)
        var jobs: [Job] = []
        for index in 0..<Self.rounds {
            let status = JobStatus.allCases[index % JobStatus.allCases.count]
            let job = records.job(id: "job_\(index)", status: status)
            #expect(try place.store.insert(job, idempotency: nil).job == job)
            jobs.append(job)
        }
        try place.reopen()
        for job in jobs { #expect(try place.store.job(job.id) == job) }
        let listed = try place.store.jobs(status: nil, limit: 1000, after: nil)
        #expect(listed.elements == jobs.reversed())
        #expect(!listed.hasMore)
    }

    @Test func stepsAndValidationsComeBackAsTheyWere() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 2)
        let steps = (0..<Self.rounds).map { records.metrics(step: $0) }
        let validations = (0..<Self.rounds).map { records.validation(step: $0) }
        try place.store.append(steps: steps, job: job)
        for validation in validations {
            try place.store.append(validation: validation, job: job)
        }
        try place.reopen()
        let stored = try place.store.steps(job: job, iteration: nil, afterStep: nil, limit: 1000)
        let isSame = stored.elements == steps
        #expect(isSame)
        #expect(try place.store.validations(job: job) == validations)
    }

    @Test func samplesComeBackAsTheyWere() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 3)
        let samples = (0..<Self.rounds).map { records.sample(iteration: $0 / 8, index: $0 % 8) }
        try place.store.append(samples: samples.shuffled(using: &records.random), job: job)
        try place.reopen()
        let stored = try place.store.samples(job: job, iteration: nil, limit: 1000, after: nil)
        let isSame = stored.elements == samples
        #expect(isSame)
    }

    @Test func textWithZeroBytesIsNotCutOff() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 4)
        var sample = records.sample(iteration: 0, index: 0)
        sample.generated = "before\u{0}after\u{0}"
        try place.store.append(samples: [sample], job: job)
        let stored = try place.store.samples(job: job, iteration: 0, limit: 1, after: nil)
        #expect(stored.elements.first?.generated == "before\u{0}after\u{0}")
        #expect(try place.store.values(sql: "SELECT typeof(generated) FROM rollout") == ["text"])
    }

    @Test func iterationsComeBackAsTheyWere() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 5)
        let iterations = (0..<Self.rounds).map { records.iteration($0) }
        for iteration in iterations { try place.store.save(iteration: iteration, job: job) }
        try place.reopen()
        #expect(try place.store.iterations(job: job) == iterations)
    }

    @Test func checkpointsComeBackAsTheyWereNewestFirst() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 6)
        let checkpoints = (0..<Self.rounds).map { records.checkpoint(job: job, step: $0) }
        for checkpoint in checkpoints { try place.store.insert(checkpoint: checkpoint) }
        try place.reopen()
        #expect(try place.store.checkpoints(job: job) == checkpoints.reversed())
        #expect(try place.store.checkpoint(checkpoints[7].id) == checkpoints[7])
    }

    @Test func registrationsComeBackAsTheyWere() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 7)
        let models = (10..<40).map { records.model("model-\($0)") }
        let datasets = (10..<40).map { records.dataset("data-\($0)") }
        for model in models { try place.store.insert(model: model) }
        for dataset in datasets { try place.store.insert(dataset: dataset) }
        try place.reopen()
        #expect(try place.store.models() == models)
        #expect(try place.store.datasets() == datasets)
        #expect(try place.store.model("model-12") == models[2])
        #expect(try place.store.dataset("data-12") == datasets[2])
    }

    @Test func eventsComeBackInOrderWithRisingSequence() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 8)
        let events = (0..<Self.rounds).map { _ in records.event(job: job) }
        for event in events { try place.store.append(event: event) }
        try place.reopen()
        let created = try place.store.events(job: job, afterSequence: 0, limit: 1).elements[0]
        #expect(created.type == "job.created")
        let stored = try place.store.events(
            job: job, afterSequence: created.sequence, limit: 1000
        ).elements
        #expect(stored.map(\.sequence) == stored.map(\.sequence).sorted())
        var unnumbered = stored
        for index in unnumbered.indices { unnumbered[index].sequence = 0 }
        #expect(unnumbered == events)
    }

    @Test func integersAndDecimalsStayApart() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 9)
        for (index, interval) in [BatchLimit.count(1), .fraction(1)].enumerated() {
            var job = records.job(id: "job_\(index)")
            job.configuration.train.valCheckInterval = interval
            _ = try place.store.insert(job, idempotency: nil)
            let stored = try place.store.job(job.id).configuration.train.valCheckInterval
            #expect(stored == interval)
        }
    }

    @Test func pathsInTheDataFolderMoveWithIt() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 10)
        let inside = "\(place.folder)/checkpoints/\(job)/step-4"
        try place.store.insert(checkpoint: records.checkpoint(job: job, step: 4, path: inside))
        try place.store.insert(checkpoint: records.checkpoint(job: job, step: 5))
        let moved = try place.copyOfFiles()
        let other = try SQLiteStore(dataFolder: moved)
        defer { try? other.close() }
        #expect(
            try other.checkpoints(job: job).map(\.path)
                == ["/elsewhere/5", "\(moved)/checkpoints/\(job)/step-4"])
    }
}

func placeWithJob(status: JobStatus = .queued) throws -> (place: TemporaryStore, job: String) {
    let place = try TemporaryStore()
    var records = RandomRecords(seed: 100)
    let job = records.job(id: "job_one", status: status)
    _ = try place.store.insert(job, idempotency: nil)
    return (place, job.id)
}
