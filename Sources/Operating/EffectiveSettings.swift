public import SpinDomain

/// What counts, of all that has been set: flag before environment before file before default.
public struct EffectiveSettings: Sendable {
    public struct Value: Sendable, Equatable {
        public var texts: [String]
        public var source: SettingSource

        public init(texts: [String], source: SettingSource) {
            self.texts = texts
            self.source = source
        }
    }

    private let settings: [Setting]
    private let values: [String: Value]

    /// Variables with our prefix that are read elsewhere.
    private static let otherVariables = [
        "SPIND_CONFIG", "SPIND_MATRIX_KERNEL", "SPIND_FAILPOINT", "SPIND_PYTHON", "SPIND_SHARED",
        "SPIND_TEST_SEED", "SPIND_KILLS", "SPIND_KILL_SEED", "SPIND_SERVER", "SPIND_KEY",
        "SPIND_KEY_FILE", "SPIND_CA_FILE",
    ]

    /// - Parameters:
    ///   - flags: by name, without dashes.
    ///   - file: the configuration file's path and content.
    /// - Throws: `invalid` with everything that is wrong, each with its source.
    public init(
        _ settings: [Setting], flags: [String: [String]], environment: [String: String],
        file: (path: String, document: JSONValue)? = nil
    ) throws {
        var reader = SettingsReader(settings: settings)
        if let file { reader.read(file: file.path, file.document) }
        reader.read(environment, ignoring: Self.otherVariables)
        reader.read(flags: flags)
        guard reader.problems.isEmpty else {
            throw SpinError.invalid(
                "what is set", problems: reader.problems,
                hint: "spind config shows every setting with its source")
        }
        self.settings = settings
        values = reader.values
    }

    /// The value of a setting that has one.
    public func value(_ name: String) -> Value? {
        if let value = values[name] { return value }
        guard let usual = settings.first(where: { $0.name == name })?.usual else { return nil }
        return Value(texts: [usual], source: .usual)
    }

    public func text(_ name: String) -> String? { value(name)?.texts.first }
    public func texts(_ name: String) -> [String] { value(name)?.texts ?? [] }
    public func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
    public func number(_ name: String) -> Double? { text(name).flatMap { Double($0) } }
    public func isOn(_ name: String) -> Bool { text(name) == "true" }

    /// A line for each setting, which together make a configuration file; secrets are left out.
    public var description: String {
        settings.map { setting in
            guard let value = value(setting.name) else { return "# \(setting.key): not set\n" }
            if setting.isSecret { return "# \(setting.key): (hidden)  # \(value.source)\n" }
            let quoted = value.texts.map { Self.yaml($0, setting.kind) }
            let text =
                setting.kind == .texts ? "[" + quoted.joined(separator: ", ") + "]" : quoted[0]
            return "\(setting.key): \(text)  # \(value.source)\n"
        }.joined()
    }

    private static func yaml(_ text: String, _ kind: Setting.Kind) -> String {
        switch kind {
        case .flag, .integer, .number: text
        // JSON's strings are YAML's, too.
        case .text, .texts, .choice: JSONValue.string(text).text
        }
    }
}
