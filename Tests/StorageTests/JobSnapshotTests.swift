import SpinDomain
import Storage
import Testing

struct JobSnapshotTests {
    @Test func aJobIsReadBesideItsServerAsOfOneMoment() throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 11)
        let steps = (0..<20).map { records.metrics(step: $0) }
        let validation = records.validation(step: 3)
        let iteration = records.iteration(0)
        try place.store.append(steps: steps, job: job)
        try place.store.append(validation: validation, job: job)
        try place.store.save(iteration: iteration, job: job)
        let later = records.metrics(step: 20)
        try JobSnapshot.read(job: job, in: place.folder) { snapshot in
            try place.store.append(steps: [later], job: job)
            var found: [StepMetrics] = []
            try snapshot.forEachStep { found.append($0) }
            let isSame = found == steps
            #expect(isSame)
            #expect(snapshot.validations == [validation] && snapshot.iterations == [iteration])
            #expect(try snapshot.job == place.store.job(job))
        }
    }

    @Test func aJobThatIsNotThereIsAnsweredWithThoseThatAre() throws {
        let (place, job) = try placeWithJob()
        let error = expectCode(.notFound) {
            try JobSnapshot.read(job: "job_none", in: place.folder) { _ in }
        }
        #expect(error?.hint?.contains(job) == true)
        expectCode(.inputOutput) {
            try JobSnapshot.read(job: job, in: place.folder + "/nowhere") { _ in }
        }
    }

    @Test func aFolderOfAnOlderProgramIsLeftAlone() throws {
        let place = try TemporaryStore()
        let folder = try OlderSchema.folder(scripts: 8, in: place, sql: [OlderSchema.job])
        let error = expectCode(.unsupported) {
            try JobSnapshot.read(job: "job_old", in: folder) { _ in }
        }
        #expect(error?.hint?.contains("spind serve") == true)
    }
}
