/// Where a value comes from.
public enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    case flag(String)
    case variable(String)
    case file(String)
    case usual

    public var description: String {
        switch self {
        case .flag(let name): name
        case .variable(let name): name
        case .file(let path): path
        case .usual: "default"
        }
    }
}
