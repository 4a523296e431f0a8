/// openapi.yaml, as the binary carries it.
enum Contract {
    static let bytes: [UInt8] = Embedded.file(named: "openapi.yaml")?.bytes ?? []
}
