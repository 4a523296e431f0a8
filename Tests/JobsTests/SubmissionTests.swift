import Dispatch
import Jobs
import SpinDomain
import Synchronization
import Testing

struct SubmissionTests {
    @Test func unknownNamesAreReportedTogetherWithSuggestions() throws {
        let rig = try Rig()
        let configuration = Rig.configuration {
            $0.model = "tinny"
            $0.dataset = "nothing-like-it"
            $0.validationDataset = "pair"
        }
        for submit in [
            { _ = try rig.runner.validate(configuration: configuration) },
            { _ = try rig.submit(configuration) },
        ] {
            let problems = expectCode(.invalid, submit)?.problems ?? []
            #expect(problems.map(\.pointer) == ["/model", "/dataset", "/validation_dataset"])
            #expect(problems.map { $0.detail.contains("did you mean") } == [true, false, true])
            #expect(problems.first?.detail.contains("'tiny'") == true)
        }
        #expect(try rig.store.jobs(status: nil, limit: 9, after: nil).elements == [])
    }

    @Test func problemsOfTheEngineJoinThoseOfTheNames() throws {
        let rig = try Rig()
        rig.engine.onCheck { plan in
            #expect(plan.sources.validationPath == nil)
            throw SpinError.invalid(
                "the plan", problems: [.init(pointer: "/train/global_batch_size", detail: "big")])
        }
        let configuration = Rig.configuration { $0.validationDataset = "unknown" }
        let error = expectCode(.invalid) { try rig.submit(configuration) }
        #expect(
            error?.problems.map(\.pointer) == ["/validation_dataset", "/train/global_batch_size"])
    }

    @Test func otherErrorsOfTheEngineComeThrough() throws {
        let rig = try Rig()
        rig.engine.onCheck { _ in throw SpinError.damaged("pairs.jsonl", "is cut short") }
        expectCode(.damagedFile) { try rig.submit() }
    }

    @Test func validationStoresNothingAndReturnsTheEstimate() throws {
        let rig = try Rig()
        try rig.runner.start()
        #expect(try rig.runner.validate(configuration: Rig.configuration()).totalSteps == 8)
        #expect(try rig.store.jobs(status: nil, limit: 9, after: nil).elements == [])
    }

    @Test func jobsRememberWhereTheirFilesLay() throws {
        let rig = try Rig()
        let job = try rig.store.job(
            try rig.submit(Rig.configuration { $0.validationDataset = "pairs" }))
        let path = rig.folder + "/datasets/pairs.jsonl"
        #expect(
            job.sources
                == RunSources(modelPath: "/models/tiny", datasetPath: path, validationPath: path))
        #expect(job.allowedIterations == 2)
        #expect(job.id.wholeMatch(of: /job_[0-9a-z]{16}/) != nil)
    }

    @Test func aCheckpointIsAModel() throws {
        let rig = try Rig()
        try rig.runner.start()
        let first = try rig.submit()
        try rig.wait(first, for: .succeeded)
        let checkpoint = try #require(try rig.store.checkpoints(job: first).first)
        let second = try rig.submit(Rig.configuration { $0.model = checkpoint.id })
        let child = try rig.store.job(second)
        #expect(child.sources.modelPath == checkpoint.path)
        #expect(child.parentCheckpoint == checkpoint.id)
        #expect(try rig.store.job(first).parentCheckpoint == nil)
        // Under the name of a model it is the same checkpoint.
        var model = try rig.store.model("tiny")
        (model.name, model.path) = ("named", checkpoint.path)
        try rig.store.insert(model: model)
        let third = try rig.submit(Rig.configuration { $0.model = "named" })
        #expect(try rig.store.job(third).parentCheckpoint == checkpoint.id)
        #expect(try rig.store.children(ofCheckpoint: checkpoint.id) == [second, third])
    }

    @Test func oneKeyMakesOneJobHoweverManySubmit() throws {
        let rig = try Rig()
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        let answers = Mutex<[(String, Bool)]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            let answer = try? rig.runner.submit(
                configuration: Rig.configuration(), idempotency: key)
            if let answer { answers.withLock { $0.append((answer.job.id, answer.isNew)) } }
        }
        let got = answers.withLock { $0 }
        #expect(got.count == 8)
        #expect(Set(got.map(\.0)).count == 1)
        #expect(got.count { $0.1 } == 1)
        // The same answer even when the submission would no longer pass.
        rig.engine.onCheck { _ in throw SpinError(.unsupported, "no more") }
        let again = try rig.runner.submit(configuration: Rig.configuration(), idempotency: key)
        #expect(!again.isNew)
        expectCode(.keyReused) {
            try rig.runner.submit(
                configuration: Rig.configuration(),
                idempotency: IdempotencyKey(key: "k", fingerprint: "other", time: now))
        }
    }
}

private let now = Timestamp(microseconds: 0)
