import Foundation

/// The page for people, and the files it loads, as the binary carries them.
///
/// All assets lie in one folder whose name is a hash of their contents: its files can be kept for
/// ever, and modules still find each other by plain relative names.
struct DashboardFiles: Sendable {
    static let embedded = DashboardFiles(
        Embedded.files.filter { $0.name.hasPrefix("Dashboard/") || $0.name.hasPrefix("Embedded/") }
            .map { (name: $0.name, data: $0.data) })

    /// The one folder of assets.
    let version: String
    let page: StaticContent
    private let assets: [String: StaticContent]

    /// - Parameter files: the page is `index.html`; it writes `"assets/NAME"` for the others.
    init(_ files: [(name: String, data: Data)]) {
        var page = Data()
        var assets: [String: StaticContent] = [:]
        var all = Data()
        for file in files {
            let name = String(file.name.split(separator: "/").last ?? "")
            all.append(file.data)
            if name == "index.html" {
                page = file.data
            } else {
                assets[name] = StaticContent(file.data, contentType: Self.contentType(of: name))
            }
        }
        let version = EntityTag.hash(all)
        let text = String(decoding: page, as: UTF8.self)
            .replacingOccurrences(of: "\"assets/", with: "\"/assets/\(version)/")
        self.version = version
        self.assets = assets
        self.page = StaticContent(Data(text.utf8), contentType: "text/html; charset=utf-8")
    }

    /// The file at `/assets/VERSION/NAME`; nil for another version's too.
    func asset(_ name: String, version: String) -> StaticContent? {
        version == self.version ? assets[name] : nil
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "text/plain; charset=utf-8"
        }
    }
}
