import Dispatch
import SpinDomain
import Storage
import Synchronization
import Testing

struct RunQueryTests {
    @Test func pagesOfStepsJoinWithoutGapWhileTheyAreWritten() throws {
        let (place, job) = try placeWithJob()
        let total = 600
        let store = place.store
        let writer = DispatchGroup()
        DispatchQueue.global().async(group: writer) {
            var records = RandomRecords(seed: 1)
            for first in stride(from: 0, to: total, by: 20) {
                let batch = (first..<first + 20).map { records.metrics(step: $0) }
                try? store.append(steps: batch, job: job)
            }
        }
        var seen: [Int] = []
        while seen.count < total {
            let isWritten = writer.wait(timeout: .now()) == .success
            let page = try store.steps(job: job, iteration: nil, afterStep: seen.last, limit: 7)
            #expect(page.elements.count <= 7)
            seen += page.elements.map(\.step)
            if isWritten && page.elements.isEmpty { break }
        }
        writer.wait()
        #expect(seen == Array(0..<total))
    }

    @Test func stepsOfOneIterationArePickedOut() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 2)
        let steps = (0..<30).map { records.metrics(step: $0, iteration: $0 / 10) }
        try place.store.append(steps: steps, job: job)
        let page = try place.store.steps(job: job, iteration: 1, afterStep: 12, limit: 4)
        #expect(page.elements.map(\.step) == [13, 14, 15, 16])
        #expect(page.hasMore)
        let rest = try place.store.steps(job: job, iteration: 1, afterStep: 16, limit: 4)
        #expect(rest.elements.map(\.step) == [17, 18, 19])
        #expect(!rest.hasMore)
    }

    @Test(arguments: [(0, false), (-5, false), (Int.max, true)])
    func anyLimitIsSafe(limit: Int, hasRows: Bool) throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 3)
        try place.store.append(steps: [records.metrics(step: 0)], job: job)
        let page = try place.store.steps(job: job, iteration: nil, afterStep: nil, limit: limit)
        #expect(page.elements.isEmpty != hasRows)
        #expect(page.hasMore != hasRows)
    }

    @Test func stepsOfTheSameNumberAreReplaced() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 4)
        try place.store.append(steps: (0..<5).map { records.metrics(step: $0) }, job: job)
        let again = (3..<8).map { records.metrics(step: $0) }
        try place.store.append(steps: again, job: job)
        let stored = try place.store.steps(job: job, iteration: nil, afterStep: 2, limit: 100)
        #expect(stored.elements == again)
    }

    @Test func pagesOfSamplesCrossIterations() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 5)
        let samples = (0..<21).map { records.sample(iteration: $0 / 7, index: $0 % 7) }
        try place.store.append(samples: samples, job: job)
        var seen: [RolloutSample] = []
        var cursor: SampleCursor?
        while true {
            let page = try place.store.samples(job: job, iteration: nil, limit: 4, after: cursor)
            seen += page.elements
            guard page.hasMore, let last = page.elements.last else { break }
            cursor = SampleCursor(iteration: last.iteration, index: last.index)
        }
        let isSame = seen == samples
        #expect(isSame)
        let second = try place.store.samples(
            job: job, iteration: 1, limit: 3, after: SampleCursor(iteration: 1, index: 4))
        #expect(second.elements == Array(samples[12...13]))
    }

    @Test func rewindForgetsWhatLiesAfterTheCheckpoint() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 6)
        let steps = (0..<12).map { records.metrics(step: $0, iteration: $0 / 4) }
        try place.store.append(steps: steps, job: job)
        for step in 0...12 {
            try place.store.append(validation: records.validation(step: step), job: job)
        }
        for iteration in 0..<3 {
            try place.store.save(iteration: records.iteration(iteration), job: job)
            try place.store.append(
                samples: [records.sample(iteration: iteration, index: 0)], job: job)
        }
        var checkpoint = records.checkpoint(job: job, step: 6)
        checkpoint.iteration = 1
        try place.store.rewind(job: job, to: checkpoint)
        try place.store.rewind(job: job, to: checkpoint)
        let left = try place.store.steps(job: job, iteration: nil, afterStep: nil, limit: 100)
        #expect(left.elements == Array(steps[..<6]))
        #expect(try place.store.validations(job: job).map(\.step) == Array(0...6))
        #expect(try place.store.iterations(job: job).map(\.iteration) == [0])
        let samples = try place.store.samples(job: job, iteration: nil, limit: 100, after: nil)
        #expect(samples.elements.map(\.iteration) == [0, 1, 2])
        try place.store.rewind(job: job, to: nil)
        #expect(
            try place.store.steps(job: job, iteration: nil, afterStep: nil, limit: 1).elements == []
        )
        #expect(try place.store.iterations(job: job) == [])
    }

    @Test func aCheckpointSavedTwiceIsStoredOnce() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 7)
        let first = records.checkpoint(job: job, step: 3)
        try place.store.insert(checkpoint: first)
        var second = records.checkpoint(job: job, step: 3)
        second.isPinned = !first.isPinned
        try place.store.insert(checkpoint: second)
        // What a person said of it stays.
        (second.isPinned, second.note) = (first.isPinned, first.note)
        #expect(try place.store.checkpoints(job: job) == [second])
        _ = try place.store.insert(records.job(id: "job_two"), idempotency: nil)
        var foreign = second
        foreign.jobID = "job_two"
        expectCode(.conflict) { try place.store.insert(checkpoint: foreign) }
        try place.store.delete(checkpoint: second.id)
        expectCode(.notFound) { try place.store.delete(checkpoint: second.id) }
        expectCode(.notFound) { try place.store.checkpoint(second.id) }
    }

    @Test func namesAreTakenOnce() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 8)
        let model = records.model("m")
        try place.store.insert(model: model)
        var again = records.model("m")
        try place.store.insert(model: again)
        #expect(try place.store.models() == [again])
        again.path = "/another"
        expectCode(.conflict) { try place.store.insert(model: again) }
        try place.store.delete(model: "m")
        expectCode(.notFound) { try place.store.model("m") }
        expectCode(.notFound) { try place.store.delete(model: "m") }
        try place.store.insert(dataset: records.dataset("d"))
        let second = records.dataset("d")
        expectCode(.conflict) { try place.store.insert(dataset: second) }
    }

    @Test(arguments: JobStatus.allCases)
    func aDataSetInUseStays(status: JobStatus) throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 9)
        var dataset = records.dataset("d")
        dataset.path = place.folder + "/datasets/d.jsonl"
        try place.store.insert(dataset: dataset)
        var job = records.job(id: "job_one", status: status)
        job.sources.validationPath = dataset.path
        _ = try place.store.insert(job, idempotency: nil)
        if status.isFinal {
            try place.store.delete(dataset: "d")
            expectCode(.notFound) { try place.store.delete(dataset: "d") }
        } else {
            expectCode(.conflict) { try place.store.delete(dataset: "d") }
            #expect(try place.store.dataset("d") == dataset)
        }
    }
}
