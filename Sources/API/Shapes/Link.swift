import SpinDomain

/// Paths of the resources, for `links` and `Location`.
enum Link {
    static func job(_ id: String) -> String { "/v1/jobs/" + id.percentEncoded }
    static func checkpoint(_ id: String) -> String { "/v1/checkpoints/" + id.percentEncoded }
    static func webhook(_ id: String) -> String { "/v1/webhooks/" + id.percentEncoded }
    static func dataset(_ name: String) -> String { "/v1/datasets/" + name.percentEncoded }
    static func key(_ id: String) -> String { "/v1/keys/" + id.percentEncoded }
    static func model(_ name: String) -> String { "/v1/models/" + name.percentEncoded }
}
