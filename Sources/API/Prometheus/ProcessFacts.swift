import Foundation

/// What the system says of this process, by the names that Prometheus' clients use everywhere.
struct ProcessFacts {
    private(set) var cpuSeconds = 0.0
    private(set) var residentBytes = 0
    private(set) var threads = 0
    /// Since 1970.
    private(set) var startSeconds = 0.0
    private(set) var openFiles = 0

    /// Nil where there is no /proc.
    init?() {
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let nameEnd = stat.lastIndex(of: ")")
        else { return nil }
        // Counted from the third field, `state`: proc_pid_stat(5).
        let fields = stat[nameEnd...].split(separator: " ").dropFirst().map { Int($0) ?? 0 }
        guard fields.count > 21 else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        cpuSeconds = Double(fields[11] + fields[12]) / ticks
        threads = fields[17]
        startSeconds = Self.bootSeconds + Double(fields[19]) / ticks
        residentBytes = fields[21] * sysconf(Int32(_SC_PAGESIZE))
        let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        openFiles = files?.count ?? 0
    }

    private static let bootSeconds: Double = {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) } ?? 0
    }()
}
