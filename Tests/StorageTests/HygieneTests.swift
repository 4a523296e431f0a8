import Foundation
import SpinDomain
import Storage
import Testing

struct HygieneTests {
    @Test func onlyTheWritingConnectionCarriesTheLogOver() throws {
        let place = try TemporaryStore()
        let pragma = "PRAGMA wal_autocheckpoint"
        #expect(try place.store.values(sql: pragma) == ["1000"])
        #expect(try place.store.values(sql: pragma, isReader: true) == ["0"])
    }

    @Test(arguments: [1, 5, 12])
    func aDamagedPageIsFoundAtTheStart(page: Int) throws {
        let (place, job) = try placeWithJob()
        var records = RandomRecords(seed: 1)
        let many = (0..<2000).map { records.metrics(step: $0) }
        try place.store.append(steps: many, job: job)
        try place.store.close()
        let file = try FileHandle(
            forUpdating: URL(fileURLWithPath: place.folder + "/spind.sqlite"))
        try file.seek(toOffset: UInt64(page * 4096))
        try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
        try file.close()
        let error = expectCode(.damagedFile) { try SQLiteStore(dataFolder: place.folder) }
        #expect(error?.hint?.contains("backup") == true)
    }

    @Test(arguments: ["nfs4", "cifs", "ceph", "fuse.sshfs"])
    func aNetworkFileSystemIsRefused(kind: String) {
        let error = expectCode(.unsupported) {
            try FileSystemKind.requireLocal(folder: "/data", kind: kind)
        }
        #expect(error?.hint?.contains("--allow-network-file-system") == true)
    }

    @Test(arguments: ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse.something"])
    func aLocalFileSystemIsTaken(kind: String) throws {
        try FileSystemKind.requireLocal(folder: "/data", kind: kind)
    }

    @Test func theMountTableIsRead() {
        let table = """
            22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            41 22 0:38 / /home rw,nosuid shared:2 master:1 - nfs4 server:/home rw,vers=4.2
            """
        #expect(FileSystemKind.kind(device: "254:0", in: table) == "ext4")
        #expect(FileSystemKind.kind(device: "0:38", in: table) == "nfs4")
        #expect(FileSystemKind.kind(device: "0:3", in: table) == nil)
    }

    @Test func twoScriptsRunBothOrNeither() throws {
        let place = try TemporaryStore()
        let first = "CREATE TABLE one (a)"
        func open(_ scripts: String...) throws -> SQLiteStore {
            let files = scripts.enumerated().map { (name: "000\($0 + 1)-x.sql", text: $1) }
            return try SQLiteStore(
                dataFolder: place.folder + "/inner", migrations: Migrations(files: files))
        }
        try open(first).close()
        expectCode(.internal) { try open(first, "CREATE TABLE two (a)", "CREATE TABLE one (a)") }
        let store = try open(first)
        #expect(try store.values(sql: "PRAGMA user_version") == ["1"])
        #expect(try store.values(sql: "SELECT name FROM sqlite_schema") == ["one"])
        try store.close()
    }
}
