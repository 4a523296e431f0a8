/// Prometheus's text format, version 0.0.4, family by family.
struct PrometheusText {
    enum Kind: String {
        case gauge, counter, histogram, summary
    }

    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Begins a family; its samples follow.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(
        _ name: String, _ labels: [(name: String, value: String)], _ value: Double
    ) {
        let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        text += name + (list.isEmpty ? "" : "{\(list.joined(separator: ","))}")
        text += " \(Self.number(value))\n"
    }

    /// A family of one gauge without labels.
    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        family(name, .gauge, help)
        sample(name, [], value)
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int(exactly: value).map { $0.description } ?? value.description
    }
}
