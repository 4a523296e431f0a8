import Foundation
import Glibc
import SelfPlay
import Tensors
import Webhooks

/// What the machine, or the container, gives to training.
struct MachineChecks {
    /// OpenBLAS' name for the kernels it takes on processors that it does not know, seven to
    /// fourteen times slower than those it has.
    private static let slowKernels = ["Prescott", "Generic", "portable"]
    private static let littleMemoryBytes = 1 << 30
    /// Beside files: a connection each, and libmicrohttpd's own.
    private static let fewFiles = 1024

    let allowsWebhooks: Bool

    var findings: [Finding] {
        [LibraryCheck().finding, kernel, cores, memory] + [largePages].compactMap(\.self) + [files]
            + (allowsWebhooks ? [curl] : [])
    }

    private var kernel: Finding {
        let name = Machine.current.blasKernel
        guard Self.slowKernels.contains(name) else {
            return .ok("kernel", "matrix products by \(name)")
        }
        return .warning(
            "kernel", "matrix products by \(name), OpenBLAS' slowest",
            hint: "set OPENBLAS_CORETYPE to this processor's kind, as Haswell or SkylakeX; "
                + "spind bench shows what it brings")
    }

    private var cores: Finding {
        let (usable, all) = (Machine.current.threads, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let detail = "\(usable) of \(all) cores are usable"
        guard usable == 1, all > 1 else { return .ok("cores", detail) }
        return .warning(
            "cores", detail, hint: "raise the container's processor limit, or its affinity")
    }

    private var memory: Finding {
        guard let free = MachineMemory.free(), let total = MachineMemory.total() else {
            return .warning(
                "memory", "the system does not say how much there is",
                hint: "jobs that need too much are not refused beforehand")
        }
        let detail = "\(free >> 20) of \(total >> 20) MiB are free"
        guard free < Self.littleMemoryBytes else { return .ok("memory", detail) }
        return .warning(
            "memory", detail,
            hint: "a job needs 12 to 16 bytes a parameter; POST /v1/jobs?validate_only=true says "
                + "how much")
    }

    /// Training asks for large pages (madvise), which the system may be told never to give.
    ///
    /// Nil where the system does not say.
    private var largePages: Finding? {
        let file = "/sys/kernel/mm/transparent_hugepage/enabled"
        // "always [madvise] never"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let mode = text.split(whereSeparator: { "[]".contains($0) }).dropFirst().first,
            text.contains("[")
        else { return nil }
        guard mode == "never" else { return .ok("large pages", "given (\(mode))") }
        return .warning(
            "large pages", "never given",
            hint: "as root, on the host of a container: echo madvise > \(file)")
    }

    private var files: Finding {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
            return .warning("files", "the limit of open files is not known", hint: "see ulimit -n")
        }
        let detail = "\(limits.rlim_cur) files and connections may be open"
        guard limits.rlim_cur < Self.fewFiles else { return .ok("files", detail) }
        return .warning(
            "files", detail, hint: "ulimit -n 65536, or LimitNOFILE= in the systemd unit")
    }

    private var curl: Finding {
        do {
            _ = try CurlTransport(allowsPrivate: false)
            return .ok("webhooks", "libcurl is there")
        } catch {
            return .failure("webhooks", error)
        }
    }
}
