import ArgumentParser
import Foundation
import SelfPlay
import SpinDomain

/// `spind bench`: whether this machine is used well.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Test in half a minute whether spind makes good use of this machine.",
        discussion: """
            Measures matrix products, memory, a training step and decoding of a small random model.
            MFU is the step's needed operations a second as a share of the products' speed; it and \
            the memory's share can pass 100 % where other programs slow one part and not the other.
            """)

    @Option(help: "Threads; the default is the number of usable cores.")
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard threads.map({ (1...256).contains($0) }) ?? true else {
            throw ValidationError("--threads: 1 to 256")
        }
    }

    func run() throws {
        let test = SelfTest(threads: threads, clock: SystemClock())
        let report = try test.run { step in
            FileHandle.standardError.write(Data("measuring \(step) …\n".utf8))
        }
        print(json ? report.json.text : BenchText(report).lines.joined(separator: "\n"))
    }
}

/// The report for people.
private struct BenchText {
    private let report: SelfTestReport

    init(_ report: SelfTestReport) {
        self.report = report
    }

    var lines: [String] { figures + [""] + verdict }

    private var figures: [String] {
        let processor = report.processor
        let vectors = processor.vectors.map { ", \($0.rawValue)" } ?? ""
        return [
            "processor  \(processor.name ?? "unknown")\(vectors)",
            "cores      \(processor.usableCores) usable of \(processor.cores), "
                + "\(report.threads) threads",
            "kernel     \(report.blasKernel)",
            format(
                "products   %.0f GFLOP/s on one thread, %.0f on all (%.2f times)",
                report.singleThreadOperations / 1e9, report.operations / 1e9, report.threadGain),
            format(
                "memory     read %.1f GB/s, triad %.1f GB/s", report.readBandwidth / 1e9,
                report.triadBandwidth / 1e9),
            format(
                "training   %.0f tokens/s, MFU %.0f %%", report.stepTokensPerSecond,
                100 * report.mfu),
            format(
                "decoding   one sequence %.0f tokens/s (%.0f %% of the memory's speed), "
                    + "32 side by side %.0f tokens/s",
                report.lonelyTokensPerSecond, 100 * report.bandwidthShare,
                report.batchedTokensPerSecond),
        ]
    }

    private var verdict: [String] {
        let findings = report.findings
        guard !findings.isEmpty else { return ["This machine is used well."] }
        return ["To look at:"] + findings.map { "- " + $0 }
    }

    private func format(_ text: String, _ values: Double...) -> String {
        String(format: text, arguments: values)
    }
}
