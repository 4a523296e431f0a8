import SelfPlay
import SpinDomain
import Testing

struct ProcessorTests {
    @Test(arguments: [
        ("fpu avx2 fma avx512f avx512bw avx512dq avx512vl", Processor.Vectors.avx512),
        ("fpu avx2 fma avx512f", .avx2), ("fpu avx2", nil), ("", nil),
    ])
    func vectorsFollowTheFlags(flags: String, vectors: Processor.Vectors?) {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2: fast\nflags\t\t: \(flags)\n"
        let processor = Processor(cpuinfo: text, cores: 4, usableCores: 2)
        #expect(processor.vectors == vectors)
        #expect(processor.name == "Some CPU @ 2: fast")
    }

    @Test func anEmptyDescriptionIsNoProcessor() {
        let processor = Processor(cpuinfo: "", cores: 1, usableCores: 1)
        #expect(processor.name == nil)
        #expect(processor.vectors == nil)
    }
}

struct SelfTestReportTests {
    /// A healthy machine of two cores.
    private var healthy: SelfTestReport {
        SelfTestReport(
            processor: Processor(name: "CPU", vectors: .avx512, cores: 2, usableCores: 2),
            blasKernel: "SkylakeX", threads: 2, load: 0.1, singleThreadOperations: 150e9,
            operations: 295e9, readBandwidth: 26e9, triadBandwidth: 27e9, stepSeconds: 2,
            stepTokensPerSecond: 600, mfu: 0.8, lonelyTokensPerSecond: 100,
            batchedTokensPerSecond: 900, bandwidthShare: 0.9)
    }

    @Test func aHealthyMachineIsUsedWell() {
        #expect(healthy.findings == [])
        #expect(healthy.json["is_used_well"] == true)
    }

    /// One thing that is wrong each, and what its finding says.
    private static func faults(
        of healthy: SelfTestReport
    ) -> [(text: String, report: SelfTestReport)] {
        func broken(
            _ text: String, _ change: (inout SelfTestReport) -> Void
        ) -> (String, SelfTestReport) {
            var report = healthy
            change(&report)
            return (text, report)
        }
        return [
            broken("Prescott kernel") { $0.blasKernel = "Prescott" },
            broken("OpenBLAS is missing") { $0.blasKernel = "portable" },
            broken("2 of 8 cores") { $0.processor.cores = 8 },
            broken("3 threads share 2 cores") {
                $0.threads = 3
                $0.load = nil
            },
            broken("1 of 2 usable cores") { $0.threads = 1 },
            broken("1.5 of 2 cores busy") { $0.load = 1.5 },
            broken("multiplies at 20 GFLOP/s") {
                $0.singleThreadOperations = 20e9
                $0.operations = 40e9
            },
            broken("only 1.2 times as fast") { $0.operations = 180e9 },
            broken("read at 5.0 GB/s") { $0.readBandwidth = 5e9 },
            broken("reaches 30 % of the matrix") { $0.mfu = 0.3 },
            broken("reaches 20 % of the memory") { $0.bandwidthShare = 0.2 },
        ]
    }

    @Test func whatIsWrongIsNamed() {
        for (text, report) in Self.faults(of: healthy) {
            #expect(report.findings.count == 1, "\(text)")
            #expect(report.findings.first?.contains(text) == true, "\(text)")
            #expect(report.json["is_used_well"] == false)
        }
    }

    @Test func anyWideKernelFitsAVX2() {
        var report = healthy
        report.processor.vectors = .avx2
        for kernel in ["Haswell", "Zen", "SkylakeX", "AVX-512", "AMX"] {
            report.blasKernel = kernel
            #expect(report.findings == [])
        }
    }
}
