extension SelfTestReport {
    /// Limits below which something is wrong, well under what a healthy machine shows.
    private enum Floor {
        /// Operations a second and thread: half of what the slowest servers of the last ten years
        /// reach with these vectors.
        static func operations(_ vectors: Processor.Vectors?) -> Double {
            switch vectors {
            case .avx512: 40e9
            case .avx2: 20e9
            case nil: 5e9
            }
        }

        /// Of perfect scaling; two threads on one core gain next to nothing.
        static let threadEfficiency = 0.75
        /// Bytes a second; one channel of DDR4 gives 15e9 to 20e9.
        static let readBandwidth = 8e9
        static let mfu = 0.5
        static let bandwidthShare = 0.5
    }

    /// What keeps this machine from being used well, with a way out; empty when nothing does.
    public var findings: [String] {
        [
            kernelFinding, coreFinding, threadFinding, loadFinding, speedFinding, scalingFinding,
            memoryFinding, stepFinding, decodingFinding,
        ].compactMap(\.self)
    }

    private var kernelFinding: String? {
        if blasKernel == "portable" {
            return "OpenBLAS is missing or computes wrong results here, so spind's own, slower "
                + "products are used: install libopenblas0-pthread"
        }
        guard let vectors = processor.vectors,
            !Self.kernels(for: vectors).contains(blasKernel.lowercased())
        else { return nil }
        return "OpenBLAS runs its \(blasKernel) kernel on a processor with \(vectors.rawValue): "
            + "unset OPENBLAS_CORETYPE, or set it to a kernel that fits"
    }

    /// Kernels that use these vectors, in lower case.
    private static func kernels(for vectors: Processor.Vectors) -> Set<String> {
        let wide: Set = ["skylakex", "cooperlake", "sapphirerapids", "amx", "avx-512"]
        switch vectors {
        case .avx512: return wide
        case .avx2: return wide.union(["haswell", "zen"])
        }
    }

    private var coreFinding: String? {
        guard processor.usableCores < processor.cores else { return nil }
        return "this process may use \(processor.usableCores) of \(processor.cores) cores: its "
            + "processor affinity or its container's limit says so"
    }

    private var threadFinding: String? {
        if threads > processor.usableCores {
            return "\(threads) threads share \(processor.usableCores) cores and wait for each "
                + "other: use --threads \(processor.usableCores)"
        }
        if threads < processor.usableCores {
            return "\(threads) of \(processor.usableCores) usable cores work: raise --threads"
        }
        return nil
    }

    private var loadFinding: String? {
        guard let load, load + Double(threads) > Double(processor.cores) + 0.5 else { return nil }
        return "other programs kept about \(rounded(load)) of \(processor.cores) cores busy in the "
            + "minute before: these figures are too low"
    }

    private var speedFinding: String? {
        let floor = Floor.operations(processor.vectors)
        guard singleThreadOperations < floor else { return nil }
        return "a thread multiplies at \(rounded(singleThreadOperations / 1e9)) GFLOP/s, where at "
            + "least \(rounded(floor / 1e9)) are usual: a virtual machine that shares its cores, "
            + "power saving, or the wrong OpenBLAS kernel"
    }

    private var scalingFinding: String? {
        guard threads > 1, threads <= processor.usableCores,
            threadGain < Floor.threadEfficiency * Double(threads)
        else { return nil }
        return "\(threads) threads are only \(rounded(threadGain)) times as fast as one: they may "
            + "be two threads of one core, or other programs run; try fewer"
    }

    private var memoryFinding: String? {
        guard readBandwidth < Floor.readBandwidth else { return nil }
        return
            "memory is read at \(rounded(readBandwidth / 1e9)) GB/s, which limits rollouts of few "
            + "sequences: raise spin.rollout_micro_batch_size"
    }

    private var stepFinding: String? {
        guard mfu < Floor.mfu else { return nil }
        return "a training step reaches \(rounded(100 * mfu)) % of the matrix products' speed"
    }

    private var decodingFinding: String? {
        guard bandwidthShare < Floor.bandwidthShare else { return nil }
        return "decoding one sequence reaches \(rounded(100 * bandwidthShare)) % of the memory's "
            + "speed"
    }

    /// Three digits are enough for people.
    private func rounded(_ value: Double) -> String {
        value >= 10 ? "\(Int(value.rounded()))" : "\((10 * value).rounded() / 10)"
    }
}
