// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target is checked as strictly as the language allows.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The kernels are optimised in every build configuration; infinities stay meaningful, NaN checks live in Swift.
let kernelFlags: [CSetting] = [
    .unsafeFlags([
        "-O3", "-fno-math-errno", "-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math",
        "-freciprocal-math", "-fno-honor-nans", "-ffp-contract=fast",
    ])
]

let package = Package(
    name: "spind",
    products: [.executable(name: "spind", targets: ["spind"])],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    // Bottom-up: a target may import only targets above it in its own wing, and SpinDomain.
    targets: [
        // The vocabulary both wings speak: configurations, records, events, errors, two protocols.
        .target(name: "SpinDomain", swiftSettings: strict),
        // SHA-256 by libnettle, which libmicrohttpd already needs.
        .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
        // Files that are there whole or not at all, and the places where tests end the process.
        .target(
            name: "DurableFiles", dependencies: ["SpinDomain", "CNettle"], swiftSettings: strict),

        // Requests by libcurl, loaded at run time; can refuse private addresses.
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("dl")]),

        // Numeric wing -------------------------------------------------------------------------

        // Vector loops that need exp, or that Swift cannot vectorise.
        .target(name: "CKernels", cSettings: kernelFlags),
        // Loads OpenBLAS at run time, after choosing the right kernel for the processor.
        .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("dl")]),
        // Aligned buffers, the worker pool, matrix products, counter-based random numbers.
        .target(
            name: "Tensors", dependencies: ["SpinDomain", "CKernels", "COpenBLAS"],
            swiftSettings: strict),
        // One configurable decoder: forward, backward, and decoding with a key/value cache.
        .target(
            name: "Transformer", dependencies: ["SpinDomain", "Tensors", "CKernels"],
            swiftSettings: strict),
        // Hugging Face folders and GGUF files, in and out.
        .target(
            name: "ModelFiles",
            dependencies: ["SpinDomain", "DurableFiles", "Tensors", "Transformer"],
            swiftSettings: strict),
        // The general pre-tokeniser path for patterns read from tokenizer.json.
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        // Tokenizers, chat templates, data sets.
        .target(
            name: "TextData", dependencies: ["SpinDomain", "CPCRE2"], swiftSettings: strict),
        // The game: rollout, loss, optimizer, trainer, checkpoints.
        .target(
            name: "SelfPlay",
            dependencies: [
                "SpinDomain", "DurableFiles", "Tensors", "Transformer", "ModelFiles", "TextData",
                "CKernels",
            ],
            swiftSettings: strict),

        // Service wing -------------------------------------------------------------------------

        // Writes the files of migrations/, openapi.yaml, the dashboard and the demo's assets into Swift source.
        .executableTarget(name: "EmbedTool", swiftSettings: strict),
        .plugin(name: "Embed", capability: .buildTool(), dependencies: ["EmbedTool"]),
        // JSON and YAML text to plain values, with positions of what is wrong.
        .target(
            name: "Documents",
            dependencies: ["SpinDomain", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        // The store: SQLite through GRDB, scripts of migrations/.
        .target(
            name: "Storage",
            dependencies: [
                "SpinDomain", "DurableFiles", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict, plugins: ["Embed"]),
        // The job runner: queue, state machine, recovery.
        .target(name: "Jobs", dependencies: ["SpinDomain", "DurableFiles"], swiftSettings: strict),
        // Tells receivers of events, signed as Standard Webhooks says.
        .target(
            name: "Webhooks", dependencies: ["SpinDomain", "CNettle", "CCurl"],
            swiftSettings: strict),
        .systemLibrary(
            name: "CMicroHTTPD", pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"])]),
        // libmicrohttpd's TLS; asked directly what is wrong with a certificate.
        .systemLibrary(
            name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
        // An HTTP server: requests in, responses out, on libmicrohttpd's own threads.
        .target(
            name: "MicroHTTP", dependencies: ["CMicroHTTPD", "CGnuTLS"], swiftSettings: strict),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // The routes of /v1, and the dashboard.
        .target(
            name: "API",
            dependencies: [
                "SpinDomain", "MicroHTTP", "Jobs", "Documents", "Webhooks", "CNettle", "CZlib",
            ],
            swiftSettings: strict, plugins: ["Embed"]),

        // A job's measurements in the files of TensorBoard and MLflow.
        .target(
            name: "Exporting", dependencies: ["SpinDomain", "DurableFiles"], swiftSettings: strict),

        // What the operator meets: settings and their sources, log lines, the health check.
        .target(name: "Operating", dependencies: ["SpinDomain"], swiftSettings: strict),

        // Talks to a running server, for the commands.
        .target(
            name: "Client", dependencies: ["SpinDomain", "DurableFiles", "Documents", "CCurl"],
            swiftSettings: strict),

        // Wiring -------------------------------------------------------------------------------

        .executableTarget(
            name: "spind",
            dependencies: [
                "SpinDomain", "DurableFiles", "Tensors", "SelfPlay", "Storage", "Jobs",
                "MicroHTTP", "API", "Documents", "Operating", "Webhooks", "Client", "Exporting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict, plugins: ["Embed"]),

        // Benchmarks ---------------------------------------------------------------------------

        // The numeric wing as one contestant of scripts/benchmark, and its layers alone.
        .executableTarget(
            name: "spind-contestant",
            dependencies: [
                "SpinDomain", "DurableFiles", "Tensors", "Transformer", "ModelFiles", "SelfPlay",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Contestant", swiftSettings: strict),

        // Tests --------------------------------------------------------------------------------

        .testTarget(name: "SpinDomainTests", dependencies: ["SpinDomain"], swiftSettings: strict),
        .testTarget(
            name: "TensorsTests", dependencies: ["Tensors", "CKernels"], swiftSettings: strict),
        .testTarget(
            name: "TransformerTests", dependencies: ["Transformer", "Tensors", "ModelFiles"],
            swiftSettings: strict),
        .testTarget(
            name: "DurableFilesTests", dependencies: ["DurableFiles", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(
            name: "ModelFilesTests",
            dependencies: ["ModelFiles", "DurableFiles", "Transformer", "Tensors", "SpinDomain"],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "TextDataTests", dependencies: ["TextData", "SpinDomain"],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "SelfPlayTests",
            dependencies: [
                "SelfPlay", "Transformer", "Tensors", "ModelFiles", "TextData", "SpinDomain",
            ],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "DocumentsTests", dependencies: ["Documents", "SpinDomain"], swiftSettings: strict
        ),
        .testTarget(
            name: "StorageTests", dependencies: ["Storage", "DurableFiles", "SpinDomain"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "JobsTests", dependencies: ["Jobs", "Storage", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(
            name: "WebhooksTests", dependencies: ["Webhooks", "CCurl", "Storage", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(name: "MicroHTTPTests", dependencies: ["MicroHTTP"], swiftSettings: strict),
        .testTarget(
            name: "APITests",
            dependencies: ["API", "MicroHTTP", "Jobs", "Storage", "Documents", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(
            name: "OperatingTests", dependencies: ["Operating", "MicroHTTP", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(
            name: "ClientTests", dependencies: ["Client", "MicroHTTP", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(
            name: "ExportingTests", dependencies: ["Exporting", "SpinDomain"],
            swiftSettings: strict),
        .testTarget(
            name: "EmbedTests", exclude: ["Embedded"], swiftSettings: strict, plugins: ["Embed"]),
        .testTarget(
            name: "EndToEndTests", dependencies: ["SpinDomain", "DurableFiles"],
            exclude: ["Contract", "Scripts"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// Its main function is libFuzzer's, so that only scripts/fuzz can link it.
if Context.environment["SPIND_FUZZ"] != nil {
    // Tools of plugins would be linked with that main function, too.
    let usesPlugins: Set<Target.TargetType> = [.plugin, .test, .executable]
    let embedding: Set = ["Storage", "API", "Jobs", "Webhooks"]
    package.products = []
    package.targets.removeAll { usesPlugins.contains($0.type) || embedding.contains($0.name) }
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: ["SpinDomain", "Documents", "MicroHTTP", "ModelFiles", "TextData"],
            path: "Fuzz",
            swiftSettings: strict))
}

// The service without the engine, whose locks the thread sanitizer can see (scripts/sanitize).
if Context.environment["SPIND_THREAD_SANITIZER"] != nil {
    let service: Set = [
        "SpinDomain", "CNettle", "DurableFiles", "CCurl", "EmbedTool", "Embed", "Documents",
        "Storage", "Jobs", "Webhooks", "CMicroHTTPD", "CGnuTLS", "MicroHTTP", "CZlib", "API",
        "Operating", "Client",
    ]
    let tests = Set(service.map { $0 + "Tests" })
    package.products = []
    package.targets.removeAll { !service.contains($0.name) && !tests.contains($0.name) }
    package.targets.append(.target(name: "CSanitizerHints"))
    package.targets.first { $0.name == "SpinDomain" }?.dependencies.append("CSanitizerHints")
}
