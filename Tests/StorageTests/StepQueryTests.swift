import SpinDomain
import Storage
import Testing

/// Which rows a selection gives, and in which order.
struct StepQueryTests {
    private func place(rows count: Int) throws -> (place: TemporaryStore, job: String) {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 1)
        let rows = (0..<count).map { records.metrics(step: $0, iteration: $0 / 10) }
        try place.store.append(steps: rows, job: job)
        return (place, job)
    }

    private func steps(
        _ store: SQLiteStore, _ job: String, _ change: (inout StepSelection) -> Void
    ) throws -> [Int] {
        var selection = StepSelection()
        change(&selection)
        return try store.steps(job: job, selection, limit: 1000).elements.map(\.metrics.step)
    }

    @Test func everyPartOfASelectionCounts() throws {
        let (place, job) = try place(rows: 40)
        let store = place.store
        #expect(try steps(store, job) { $0.beforeStep = 3 } == [0, 1, 2])
        #expect(try steps(store, job) { ($0.afterStep, $0.beforeStep) = (4, 7) } == [5, 6])
        #expect(try steps(store, job) { ($0.afterStep, $0.beforeStep) = (4, 5) } == [])
        #expect(try steps(store, job) { $0.afterStep = .max } == [])
        #expect(try steps(store, job) { $0.iterations = 1...2 } == Array(10..<30))
        #expect(try steps(store, job) { $0.iterations = 4...9 } == [])
        #expect(
            try steps(store, job) { ($0.iterations, $0.every, $0.afterStep) = (1...3, 6, 12) }
                == [18, 24, 30, 36])
    }

    @Test func theRangeOfASelectionIsThatOfItsRows() throws {
        let (place, job) = try place(rows: 40)
        var selection = StepSelection()
        #expect(try place.store.stepRange(job: job, selection) == 0..<40)
        selection.iterations = 2...2
        selection.beforeStep = 25
        #expect(try place.store.stepRange(job: job, selection) == 20..<25)
        selection.afterStep = 24
        #expect(try place.store.stepRange(job: job, selection) == nil)
        #expect(try place.store.lastStep(job: job)?.metrics.step == 39)
        expectCode(.notFound) { try place.store.stepRange(job: "job_none", selection) }
        expectCode(.notFound) { try place.store.lastStep(job: "job_none") }
        expectCode(.notFound) {
            try place.store.buckets(job: "job_none", names: [], steps: 0..<1, exponent: 0)
        }
    }

    @Test func aSequenceCursorFindsRowsThatAreWrittenLateOrAgain() throws {
        let (place, job) = try place(rows: 6)
        let store = place.store
        var records = RandomRecords(seed: 2)
        var known: [Int: StepMetrics] = [:]
        var cursor = 0
        /// Reads what is new, three rows at a time.
        func follow() throws -> [Int] {
            var seen: [Int] = []
            while true {
                var selection = StepSelection()
                selection.afterSequence = cursor
                let page = try store.steps(job: job, selection, limit: 3)
                for row in page.elements {
                    #expect(row.sequence > cursor)
                    cursor = row.sequence
                    known[row.metrics.step] = row.metrics
                    seen.append(row.metrics.step)
                }
                if !page.hasMore { return seen }
            }
        }
        #expect(try follow() == [0, 1, 2, 3, 4, 5])
        #expect(try follow() == [])
        try store.append(steps: [records.metrics(step: 2)], job: job)
        try store.append(steps: [records.metrics(step: 6), records.metrics(step: 1)], job: job)
        #expect(try follow() == [2, 6, 1])
        // Taken back and written again: no number of before comes twice.
        try store.rewind(job: job, to: records.checkpoint(job: job, step: 3))
        #expect(try follow() == [])
        try store.append(steps: (3..<5).map { records.metrics(step: $0) }, job: job)
        #expect(try follow() == [3, 4])
        let stored = try store.steps(job: job, iteration: nil, afterStep: nil, limit: 100)
        for row in stored.elements { #expect(known[row.step] == row) }
    }
}
