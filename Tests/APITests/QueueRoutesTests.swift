import SpinDomain
import Testing

struct QueueRoutesTests {
    private func order(_ service: TestService, _ query: String = "") throws -> [String] {
        let list = try service.send("GET", "/v1/queue" + query).json["data"]?.array ?? []
        return list.compactMap { $0["id"]?.string }
    }

    @Test(arguments: Transport.allCases)
    func theQueueShowsPositionsAndCanBeReordered(transport: Transport) throws {
        let service = try TestService(transport)
        for index in 0..<4 { try service.insertJob(id: "job_\(index)") }
        try service.cancelJob("job_1")
        #expect(try order(service) == ["job_0", "job_2", "job_3"])
        let positions = try service.send("GET", "/v1/queue").json["data"]?.array
        #expect(positions?.compactMap { $0["queue_position"] } == [1, 2, 3])
        let first = try service.send("PATCH", "/v1/jobs/job_3", json: #"{"queue_position":1}"#)
        #expect(first.status == 200)
        #expect(try first.json["queue_position"] == 1)
        #expect(try order(service) == ["job_3", "job_0", "job_2"])
        let high = try service.send("PATCH", "/v1/jobs/job_2", json: #"{"priority":7}"#)
        #expect(try high.json["queue_position"] == 1)
        #expect(try high.json["priority"] == 7)
        #expect(try order(service) == ["job_2", "job_3", "job_0"])
        let last = try service.send(
            "PATCH", "/v1/jobs/job_2", json: #"{"queue_position":3,"name":"later"}"#)
        #expect(try last.json["queue_position"] == 3)
        #expect(try last.json["priority"] == 0)
        #expect(try last.json["name"] == "later")
        let jobs = try service.send("GET", "/v1/jobs").json["data"]?.array ?? []
        #expect(jobs.map { $0["queue_position"] } == [1, 3, nil, 2])
    }

    @Test func theQueueComesInPages() throws {
        let service = try TestService()
        for index in 0..<5 { try service.insertJob(id: "job_\(index)") }
        let page = try service.send("GET", "/v1/queue?limit=2")
        #expect(page.header("Link") == "</v1/queue?limit=2&after=job_1>; rel=\"next\"")
        let next = try service.send("GET", "/v1/queue?limit=2&after=job_1").json["data"]?.array
        #expect(next?.compactMap { $0["queue_position"] } == [3, 4])
        _ = try service.send("GET", "/v1/queue?after=job_none").problem(404, "not_found")
    }

    @Test func aJobThatIsNotQueuedHasNoPlace() throws {
        let service = try TestService()
        let job = try service.insertJob(status: .paused)
        let path = "/v1/jobs/\(job.id)"
        let problem = try service.send("PATCH", path, json: #"{"queue_position":1}"#)
            .problem(409, "conflict")
        #expect(problem["detail"]?.string?.contains("paused") == true)
        #expect(try service.send("PATCH", path, json: #"{"priority":1}"#).status == 200)
    }

    @Test func priorityIsAKeyOfTheConfiguration() throws {
        let service = try TestService()
        try service.register()
        try service.insertJob()
        let answer = try service.send(
            "POST", "/v1/jobs", json: #"{"model":"tiny","dataset":"sums","priority":1}"#)
        #expect(try answer.json["queue_position"] == 1)
        #expect(try answer.json["configuration"]?["priority"] == 1)
        let problem = try service.send(
            "POST", "/v1/jobs", json: #"{"model":"tiny","dataset":"sums","prority":1001}"#
        ).problem(422, "invalid")
        #expect(problem.pointers == ["/prority"])
        #expect(problem["errors"]?.text.contains("'priority'") == true)
    }
}
