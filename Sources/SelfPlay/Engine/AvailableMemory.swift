import Foundation

/// What the machine, or the container, still has to give.
enum AvailableMemory {
    /// In bytes; nil where the system does not say.
    static func bytes() -> Int? {
        [machineBytes, containerBytes].compactMap { $0() }.min()
    }

    private static func machineBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else {
            return nil
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return kilobytes.map { $0 * 1024 }
    }

    /// Control groups, version 2 or 1.
    private static func containerBytes() -> Int? {
        let files = [
            ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
            (
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes"
            ),
        ]
        return files.compactMap { limit, usage in
            // "max" is no number; version 1 writes a huge one.
            guard let limit = number(limit), let usage = number(usage), limit < 1 << 56 else {
                return nil
            }
            return max(0, limit - usage)
        }.min()
    }

    private static func number(_ path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
