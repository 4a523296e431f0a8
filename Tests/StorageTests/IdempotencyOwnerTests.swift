import SpinDomain
import Storage
import Testing

/// Whose a client's promise is that two requests are the same.
struct IdempotencyOwnerTests {
    private let now = Timestamp(microseconds: 1_000_000)

    @Test func everyAPIKeyHasKeysOfItsOwn() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 5)
        func insert(_ id: String, apiKey: String) throws -> (job: Job, isNew: Bool) {
            let key = IdempotencyKey(key: "k", apiKey: apiKey, fingerprint: apiKey, time: now)
            return try place.store.insert(records.job(id: id), idempotency: key)
        }
        #expect(try insert("job_1", apiKey: "ada").isNew)
        #expect(try insert("job_2", apiKey: "bob").isNew)
        #expect(try insert("job_3", apiKey: "ada").job.id == "job_1")
        #expect(try insert("job_3", apiKey: "bob").job.id == "job_2")
        #expect(try insert("job_3", apiKey: "").isNew)
        // One's own comes before what holds for all.
        #expect(try insert("job_4", apiKey: "ada").job.id == "job_1")
    }

    @Test func whatCameWithoutAnAPIKeyHoldsForAll() throws {
        let place = try TemporaryStore()
        var records = RandomRecords(seed: 5)
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        let job = try place.store.insert(records.job(id: "job_1"), idempotency: key).job
        let later = IdempotencyKey(key: "k", apiKey: "ada", fingerprint: "f", time: now)
        #expect(try place.store.job(idempotency: later)?.id == job.id)
    }
}
