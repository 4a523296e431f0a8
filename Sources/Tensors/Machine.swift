/// What the numeric code found on this machine, for people who compare speeds or hunt differences.
public struct Machine: Sendable, Equatable {
    /// Kernels of large matrix products: an OpenBLAS core such as "SkylakeX", or "portable".
    public let blasKernel: String
    /// Cores this process may use.
    public let threads: Int

    public static let current = Machine(
        blasKernel: OpenBLAS.coreName ?? "portable", threads: WorkerPool.availableCores)
}
