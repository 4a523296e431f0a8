import Documents
import Foundation
import MicroHTTP

/// openapi.yaml, as the binary carries it.
enum Contract {
    static let bytes: [UInt8] = Embedded.file(named: "openapi.yaml")?.bytes ?? []

    /// The same document as JSON.
    static let json = Result {
        HTTPResponse.json(try DocumentReader.yaml(Data(bytes)), isCompact: true)
    }
}
