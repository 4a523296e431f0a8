import ArgumentParser
import Foundation
import Operating
import SpinDomain

/// `spind doctor`: whether `spind serve` with the same flags would do well here.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine, the data folder and the port, and say what to do.",
        discussion: """
            Takes the flags, variables and file of spind serve; changes nothing. Exits with 1 when
            something would keep a server from working. How fast this machine is, spind bench says.
            """)

    @OptionGroup var options: ServeOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let findings = self.findings
        if json {
            let object: JSONValue = [
                "version": .string(Spind.version), "findings": .array(findings.map(\.json)),
            ]
            print(object.indentedText)
        } else {
            for finding in findings { print(finding.text) }
        }
        if findings.contains(where: { $0.verdict == .failure }) { throw ExitCode.failure }
    }

    private var findings: [Finding] {
        do {
            let settings = try ServeSettings(options.effective())
            let folder = URL(fileURLWithPath: settings.dataDir).standardizedFileURL.path
            return [.ok("settings", "spind config prints them")]
                + MachineChecks(allowsWebhooks: settings.allowsWebhooks).findings
                + FolderChecks(
                    folder: folder, allowsNetworkFileSystem: settings.allowsNetworkFileSystem,
                    reserveBytes: settings.diskReserveMiB << 20
                ).findings + [ModelCheck(folder: folder).finding].compactMap(\.self)
                + [
                    PortCheck(
                        host: settings.host, port: settings.port, usesTLS: settings.tls != nil
                    ).finding
                ]
        } catch {
            return [.failure("settings", error)]
                + MachineChecks(allowsWebhooks: false).findings
        }
    }
}
