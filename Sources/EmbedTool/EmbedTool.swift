import Foundation

/// Writes files into a Swift source: `EmbedTool OUTPUT ROOT NAME…`, names relative to the root.
@main
struct EmbedTool {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { throw Usage() }
        let root = URL(fileURLWithPath: arguments[2])
        let files = try arguments.dropFirst(3).map { name in
            EmbeddedSource(name: name, data: try Data(contentsOf: root.appending(path: name)))
        }
        let source = EmbeddedSource.header + files.map(\.entry).joined() + EmbeddedSource.footer
        try Data(source.utf8).write(to: URL(fileURLWithPath: arguments[1]), options: .atomic)
    }
}

private struct Usage: Error, CustomStringConvertible {
    var description: String { "usage: EmbedTool OUTPUT ROOT NAME…" }
}
