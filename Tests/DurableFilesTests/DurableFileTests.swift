import DurableFiles
import Foundation
import SpinDomain
import Testing

@Suite struct DurableFileTests {
    @Test func writesReplacesAndLeavesNoOtherFile() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "state.json")
        try DurableFile.write(Data("old and longer".utf8), to: url)
        let written = try DurableFile.write(Data("new".utf8), to: url)

        #expect(try folder.bytes("state.json") == Array("new".utf8))
        #expect(written.name == "state.json" && written.bytes == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 1)
    }

    @Test func publishesAFolderOnlyUnderAFreeName() throws {
        let folder = try TemporaryFolder()
        let temporary = folder.url.appending(path: "new.partial")
        let final = folder.url.appending(path: "new")
        for isFree in [true, false] {
            try FileManager.default.createDirectory(
                at: temporary, withIntermediateDirectories: true)
            if isFree {
                try DurableFile.publish(folder: temporary, as: final)
            } else {
                let error = #expect(throws: SpinError.self) {
                    try DurableFile.publish(folder: temporary, as: final)
                }
                #expect(error?.code == .conflict)
            }
        }
        #expect(FileManager.default.fileExists(atPath: final.path))
    }

    @Test func aMissingFolderIsNotFound() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: SpinError.self) {
            try DurableFile.write(Data(), to: folder.url.appending(path: "no/file"))
        }
        #expect(error?.code == .notFound)
    }

    @Test func aFullDiskIsSaidToBeFull() throws {
        // Every write to this device fails with "no space left".
        let folder = try TemporaryFolder()
        let link = folder.url.appending(path: "x.partial")
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: URL(filePath: "/dev/full"))
        let error = #expect(throws: SpinError.self) {
            try DurableFile.write(Data([1]), to: folder.url.appending(path: "x"))
        }
        #expect(error?.code == .diskFull)
    }
}
