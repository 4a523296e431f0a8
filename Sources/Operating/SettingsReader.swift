import Foundation
import SpinDomain

/// Collects values from one source after the other, the later ones before the earlier, and
/// everything that is wrong with them.
struct SettingsReader {
    let settings: [Setting]
    private(set) var values: [String: EffectiveSettings.Value] = [:]
    private(set) var problems: [SpinError.FieldProblem] = []

    init(settings: [Setting]) {
        self.settings = settings
    }

    mutating func read(file path: String, _ document: JSONValue) {
        guard let object = document.object else {
            return fail(path, "expected settings, as port: 8080, found \(document.kind)")
        }
        let known = settings.filter { !$0.isSecret }
        for (key, value) in object.members {
            guard let setting = known.first(where: { $0.key == key }) else {
                let suggestion = Suggestion.text(for: key, among: known.map(\.key))
                fail("\(path): \(key)", "there is no such setting" + suggestion)
                continue
            }
            guard let texts = Self.texts(value) else {
                fail("\(path): \(key)", "found \(value.kind)")
                continue
            }
            take(texts, for: setting, from: .file(path), as: "\(path): \(key)")
        }
    }

    mutating func read(_ environment: [String: String], ignoring others: [String]) {
        let fileVariables = settings.filter(\.isSecret).map(\.fileVariable)
        let known = settings.map(\.variable) + fileVariables + others
        for (name, text) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix(Setting.variablePrefix) && !others.contains(name) {
            if let setting = settings.first(where: { $0.variable == name }) {
                take([text], for: setting, from: .variable(name), as: name)
            } else if let setting = settings.first(where: { $0.isSecret && $0.fileVariable == name }
            ) {
                readSecret(setting, file: text, variable: name)
            } else {
                fail(
                    name,
                    Self.isOfKubernetes(name)
                        ? Self.kubernetesHint
                        : "there is no such setting"
                            + Suggestion.text(for: name, among: known))
            }
        }
    }

    mutating func read(flags: [String: [String]]) {
        for setting in settings {
            guard let texts = flags[setting.name], !texts.isEmpty else { continue }
            take(texts, for: setting, from: .flag(setting.flag), as: setting.flag)
        }
    }

    private mutating func readSecret(_ setting: Setting, file: String, variable: String) {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: file)) else {
            return fail(variable, "the file \(file) cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        take([text], for: setting, from: .variable(variable), as: variable)
    }

    private mutating func take(
        _ texts: [String], for setting: Setting, from source: SettingSource, as place: String
    ) {
        var texts = texts
        if setting.kind == .texts, texts.count == 1 {
            texts = texts[0].split(separator: ",").map(String.init)
        }
        guard setting.kind == .texts || texts.count == 1 else {
            return fail(place, "expected one value, found \(texts.count)")
        }
        if let fault = texts.lazy.compactMap(setting.fault).first {
            return fail(place, setting.isSecret ? "the value cannot be used" : fault)
        }
        values[setting.name] = .init(texts: texts, source: source)
    }

    private mutating func fail(_ place: String, _ detail: String) {
        problems.append(.init(pointer: place, detail: detail))
    }

    /// A scalar, or a list of them, as text; nil for anything else.
    private static func texts(_ value: JSONValue) -> [String]? {
        if let list = value.array {
            let texts = list.compactMap { $0.array == nil ? Self.texts($0)?.first : nil }
            return texts.count == list.count ? texts : nil
        }
        if let text = value.string { return [text] }
        return value.integer != nil || value.double != nil || value.bool != nil ? [value.text] : nil
    }

    /// Kubernetes tells every container of the services around it: a service of the name `spind`
    /// becomes variables of our prefix.
    private static func isOfKubernetes(_ name: String) -> Bool {
        name.hasPrefix("SPIND_SERVICE_") || name.hasPrefix("SPIND_PORT_")
    }

    private static let kubernetesHint =
        "Kubernetes has made this of a service named spind; set enableServiceLinks: false"
}
