import Glibc

extension WorkerPool {
    /// Cores this process may use: its affinity mask, and its control groups' processor quota
    /// rounded up.
    public static var availableCores: Int {
        let allowed = text(of: "/proc/self/status").flatMap(cores(inStatus:))
        return [allowed, unifiedQuota(), legacyQuota()].compactMap { $0 }.min() ?? 1
    }

    /// Cores in the file `cpu.max` of control groups 2: "quota period" or "max period"; nil without
    /// a limit.
    package static func cores(inUnifiedQuota text: String) -> Int? {
        let fields = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        return fields.count == 2 ? cores(quota: fields[0], period: fields[1]) : nil
    }

    /// Cores in microseconds of processor time per period; nil without a limit.
    package static func cores(quota: Int, period: Int) -> Int? {
        guard quota > 0, period > 0 else { return nil }
        return max(1, (quota - 1) / period + 1)
    }

    /// Cores in the affinity mask of /proc/self/status, hexadecimal digits in groups; nil when
    /// there is none.
    package static func cores(inStatus text: String) -> Int? {
        let name = "Cpus_allowed:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
            return nil
        }
        let count = line.dropFirst(name.count).compactMap(\.hexDigitValue)
            .reduce(0) { $0 + $1.nonzeroBitCount }
        return count > 0 ? count : nil
    }

    /// The tightest `cpu.max` on the way from this process's group to the root.
    private static func unifiedQuota() -> Int? {
        let groups = text(of: "/proc/self/cgroup")?.split(separator: "\n") ?? []
        guard let own = groups.first(where: { $0.hasPrefix("0::/") }) else { return nil }
        var folders = own.dropFirst(4).split(separator: "/")
        var tightest: Int?
        while true {
            let folder = (["/sys/fs/cgroup"] + folders).joined(separator: "/")
            if let limit = text(of: folder + "/cpu.max").flatMap(cores(inUnifiedQuota:)) {
                tightest = min(limit, tightest ?? limit)
            }
            if folders.popLast() == nil { return tightest }
        }
    }

    /// The quota of control groups 1, as a container sees its own.
    private static func legacyQuota() -> Int? {
        let numbers = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map { name in
            text(of: "/sys/fs/cgroup/cpu/" + name)?.split(separator: "\n").first.flatMap { Int($0) }
        }
        guard let quota = numbers[0], let period = numbers[1] else { return nil }
        return cores(quota: quota, period: period)
    }

    /// The beginning of a small file, or nil.
    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
