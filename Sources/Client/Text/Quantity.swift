import Foundation

/// Quantities in few characters.
public enum Quantity {
    /// `45s`, `3m 20s`, `2h 05m`, `3d 04h`.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        func two(_ big: Int, _ bigUnit: String, _ small: Int, _ smallUnit: String) -> String {
            "\(big)\(bigUnit) " + (small < 10 ? "0" : "") + "\(small)\(smallUnit)"
        }
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return two(whole / 60, "m", whole % 60, "s")
        case ..<86_400: return two(whole / 3600, "h", whole / 60 % 60, "m")
        default: return two(whole / 86_400, "d", whole / 3600 % 24, "h")
        }
    }

    /// `512 B`, `1.5 KiB`, `34 MiB`.
    public static func bytes(_ count: Int) -> String {
        var value = Double(count)
        var unit = "B"
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 {
            value /= 1024
            unit = larger
        }
        return unit == "B" || value >= 10
            ? "\(Int(value.rounded())) \(unit)" : String(format: "%.1f \(unit)", value)
    }

    /// Four digits that count.
    public static func number(_ value: Double?) -> String {
        guard let value else { return "–" }
        return value == value.rounded() && abs(value) < 1e6
            ? String(format: "%.0f", value) : String(format: "%.4g", value)
    }

    public static func percent(_ fraction: Double?) -> String {
        fraction.map { String(format: "%.0f %%", 100 * $0) } ?? "–"
    }

    /// `2026-11-22 22:15` of a time as the server writes it.
    public static func minute(_ time: String?) -> String {
        guard let time, time.count >= 16 else { return "–" }
        return time.prefix(10) + " " + time.dropFirst(11).prefix(5)
    }

    /// `22:15:46`.
    public static func clock(_ time: String?) -> String {
        guard let time, time.count >= 19 else { return "–" }
        return String(time.dropFirst(11).prefix(8))
    }
}
