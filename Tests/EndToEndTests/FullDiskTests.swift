import Foundation
import SpinDomain
import Testing

/// A real, small disk that is really full.
@Suite(.serialized)
struct FullDiskTests {
    private static let mebibyte = 1 << 20
    private static let diskMebibytes = 24
    private static let reserveMebibytes = 4

    /// A file system in memory, mounted for as long as this lives; needs root.
    private final class SmallDisk {
        let folder: TemporaryFolder

        init?() throws {
            folder = try TemporaryFolder()
            guard let mount = Program.find("mount"), geteuid() == 0 else { return nil }
            let size = "size=\(FullDiskTests.diskMebibytes)m"
            let result = try Program.run(
                ["-t", "tmpfs", "-o", size, "tmpfs", folder.path], program: mount)
            guard result.status == 0 else { return nil }
        }

        deinit {
            if let umount = Program.find("umount") {
                _ = try? Program.run(["-l", folder.path], program: umount)
            }
        }

        private var filler: String { folder.path + "/filler" }

        /// Leaves so much free, or all.
        func fill(leavingMebibytes left: Int?) throws {
            guard let left else { return try FileManager.default.removeItem(atPath: filler) }
            var status = statvfs()
            let isAsked = statvfs(folder.path, &status) == 0
            #expect(isAsked)
            let free = Int(status.f_bavail) * Int(status.f_frsize)
            let bytes = max(0, free - left * FullDiskTests.mebibyte)
            try Data(count: bytes).write(to: URL(fileURLWithPath: filler))
        }
    }

    private static let canMount: Bool = {
        guard (try? SmallDisk()) != nil else { return false }
        return true
    }()

    @Test(.enabled(if: canMount, "mounting a small disk needs root"))
    func aJobWaitsForSpaceAndEndsWithTheSameBits() throws {
        let disk = try #require(try SmallDisk())
        let game = try NanoGame()
        let data = disk.folder.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: game.dataFolder.path + "/models", toPath: data + "/models")
        let server = try Server(
            dataFolder: data, arguments: ["--disk-reserve", "\(Self.reserveMebibytes)"])
        let wire = server.wire
        try game.register(with: wire)
        let first = try NanoGame.submit("first", isManual: true, to: wire)

        try disk.fill(leavingMebibytes: Self.reserveMebibytes - 1)
        // What was there can be read and steered; nothing new is taken.
        #expect(
            try wire.require("POST", "/v1/jobs/\(first)/step", #"{"iterations":3}"#).status == 202)
        let refused = try wire.require("POST", "/v1/jobs", NanoGame.configuration(name: "second"))
        #expect(refused.status == 507, "\(refused.text)")
        #expect(refused.json["code"]?.string == "disk_full")
        let upload = try wire.require(
            "POST", "/v1/datasets?name=more", #"{"prompt":"a","response":"b"}"#,
            type: "application/jsonl")
        #expect(upload.status == 507, "\(upload.text)")
        #expect(try wire.get("/v1/jobs/\(first)")["status"]?.string == "queued")
        #expect(try wire.require("GET", "/readyz").status == 200)

        try disk.fill(leavingMebibytes: nil)
        try NanoGame.wait(for: "succeeded", of: first, on: wire)
        let bits = try GameBits(of: first, on: wire)
        let expected = try GameBits.undisturbed()
        #expect(bits == expected)
        #expect(server.stop() == 0)
    }

    /// With no reserve the writes themselves fail, wherever they happen to be.
    @Test(.enabled(if: canMount, "mounting a small disk needs root"), arguments: [0, 1])
    func aDiskThatIsFullToTheLastByteLosesNothing(leftMebibytes: Int) throws {
        let disk = try #require(try SmallDisk())
        let game = try NanoGame()
        let data = disk.folder.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: game.dataFolder.path + "/models", toPath: data + "/models")
        let server = try Server(dataFolder: data, arguments: ["--disk-reserve", "0"])
        let wire = server.wire
        try game.register(with: wire)
        var acknowledged: [String] = []
        try disk.fill(leavingMebibytes: leftMebibytes)
        for index in 0..<40 {
            let answer = try wire.require(
                "POST", "/v1/jobs", NanoGame.configuration(name: "job \(index)"))
            #expect([201, 507].contains(answer.status), "\(answer.text)")
            if let id = answer.json["id"]?.string, answer.status == 201 { acknowledged.append(id) }
        }
        let listed = try wire.get("/v1/jobs?limit=100")["data"]?.array ?? []
        #expect(Set(listed.compactMap { $0["id"]?.string }) == Set(acknowledged))
        try disk.fill(leavingMebibytes: nil)
        if acknowledged.isEmpty { acknowledged.append(try NanoGame.submit("later", to: wire)) }
        let expected = try GameBits.undisturbed()
        for job in acknowledged.suffix(3) {
            try NanoGame.wait(for: "succeeded", of: job, on: wire)
            let bits = try GameBits(of: job, on: wire)
            #expect(bits == expected)
        }
        #expect(server.stop() == 0)
        let report = try Program.run(["verify", "--data-dir", data])
        #expect(report.status == 0, "\(report.output)")
    }
}
