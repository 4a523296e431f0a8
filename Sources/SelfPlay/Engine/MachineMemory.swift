import Foundation

/// The memory of the machine, or of the container where that has less; in bytes, nil where the
/// system does not say.
package enum MachineMemory {
    /// What a run may have when nothing else runs: for plans that wait for their turn.
    package static func total() -> Int? {
        let container = groups.compactMap { limit($0) }
        return (container + [meminfo("MemTotal")].compactMap(\.self)).min()
    }

    /// What is left now.
    package static func free() -> Int? {
        let container = groups.compactMap { group in
            limit(group).flatMap { limit in number(group.usage).map { max(0, limit - $0) } }
        }
        return (container + [meminfo("MemAvailable")].compactMap(\.self)).min()
    }

    private static func meminfo(_ key: String) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else {
            return nil
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return kilobytes.map { $0 * 1024 }
    }

    private struct Group {
        let limit: String
        let usage: String
    }

    /// Control groups, version 2 and 1.
    private static let groups = [
        Group(limit: "/sys/fs/cgroup/memory.max", usage: "/sys/fs/cgroup/memory.current"),
        Group(
            limit: "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            usage: "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ]

    /// Nil for no limit: version 2 writes "max", version 1 a huge number.
    private static func limit(_ group: Group) -> Int? {
        number(group.limit).flatMap { $0 < 1 << 56 ? $0 : nil }
    }

    private static func number(_ path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
