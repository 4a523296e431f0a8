import Foundation
import PackagePlugin

/// Gives a target an `enum Embedded` with files from the package's root.
///
/// A new file needs no change of the manifest. SwiftPM looks the files up anew whenever something
/// appears or vanishes below a target's own folder, this plugin's included: that is what the links
/// beside this source are for. A folder without a link is seen again when the manifest is touched.
@main
struct Embed: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL
        let names = try Self.sources(ofTarget: target.name).flatMap { try $0.names(below: root) }
        let output = context.pluginWorkDirectoryURL.appending(path: "Embedded.swift")
        return [
            .buildCommand(
                displayName: "Embedding \(names.count) files in \(target.name)",
                executable: try context.tool(named: "EmbedTool").url,
                arguments: [output.path, root.path] + names.sorted(),
                inputFiles: names.map { root.appending(path: $0) },
                outputFiles: [output])
        ]
    }

    private static func sources(ofTarget name: String) throws -> [Source] {
        switch name {
        case "Storage": [Source(path: "migrations", extension: "sql")]
        case "API":
            [Source(path: "openapi.yaml"), Source(path: "Dashboard"), Source(path: "Embedded")]
        case "spind": [Source(path: "Demo")]
        case let name where name.hasSuffix("Tests"): [Source(path: "Tests/\(name)/Embedded")]
        default: throw NoFiles(target: name)
        }
    }
}

/// A file, or every file below a folder; none if it does not exist.
private struct Source {
    var path: String
    /// Only files that end so.
    var `extension`: String?

    func names(below root: URL) throws -> [String] {
        let url = root.appending(path: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            return []
        }
        guard isFolder.boolValue else { return [path] }
        return try FileManager.default.subpathsOfDirectory(atPath: url.path).filter { name in
            FileManager.default.fileExists(
                atPath: url.appending(path: name).path, isDirectory: &isFolder)
                && !isFolder.boolValue && !name.split(separator: "/").contains { $0.hasPrefix(".") }
                && (self.extension == nil || name.hasSuffix("." + (self.extension ?? "")))
        }.map { "\(path)/\($0)" }
    }
}

private struct NoFiles: Error, CustomStringConvertible {
    var target: String

    var description: String { "the Embed plugin knows no files for the target \(target)" }
}
