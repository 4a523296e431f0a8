import Foundation
import Glibc
import Tensors

/// The processor, as far as Linux describes it.
public struct Processor: Sendable, Equatable {
    /// The widest vectors that the matrix products could use.
    public enum Vectors: String, Sendable {
        case avx512 = "AVX-512"
        case avx2 = "AVX2"
    }

    /// Nil where the system does not say.
    public var name: String?
    /// Nil for another architecture, or an older processor.
    public var vectors: Vectors?
    /// Cores of the machine.
    public var cores: Int
    /// Those that affinity and control groups leave to this process.
    public var usableCores: Int

    package init(name: String?, vectors: Vectors?, cores: Int, usableCores: Int) {
        self.name = name
        self.vectors = vectors
        self.cores = cores
        self.usableCores = usableCores
    }

    static var current: Processor {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        return Processor(
            cpuinfo: text, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            usableCores: WorkerPool.availableCores)
    }

    /// - Parameter cpuinfo: the text of /proc/cpuinfo; the first processor speaks for all.
    package init(cpuinfo: String, cores: Int, usableCores: Int) {
        func value(_ key: String) -> Substring? {
            cpuinfo.split(separator: "\n").first { $0.hasPrefix(key) }?
                .split(separator: ":", maxSplits: 1).last
        }
        let flags = Set((value("flags") ?? "").split(separator: " "))
        let hasWide = flags.isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl"])
        let hasMedium = flags.isSuperset(of: ["avx2", "fma"])
        self.init(
            name: value("model name").map { $0.trimmingCharacters(in: .whitespaces) },
            vectors: hasWide ? .avx512 : hasMedium ? .avx2 : nil, cores: cores,
            usableCores: usableCores)
    }
}
