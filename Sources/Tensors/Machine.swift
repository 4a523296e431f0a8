/// What the numeric code found on this machine, for people who compare speeds or hunt differences.
public struct Machine: Sendable, Equatable {
    /// Kernels of large matrix products: an OpenBLAS core such as "SkylakeX", "portable", or
    /// "AMX" for matrix tiles.
    public let blasKernel: String
    /// Cores this process may use.
    public let threads: Int

    public static let current = Machine(
        blasKernel: MatrixTiles.areUsed ? "AMX" : OpenBLAS.coreName ?? "portable",
        threads: WorkerPool.availableCores)
}
