/// What the numeric code found on this machine, for people who compare speeds or hunt differences.
public struct Machine: Sendable, Equatable {
    /// Kernels of large matrix products: "AMX" or "AVX-512" for our own, an OpenBLAS core such as
    /// "Haswell", or "portable".
    public let blasKernel: String
    /// Cores this process may use.
    public let threads: Int

    public static let current = Machine(
        blasKernel: ProductKernel.used?.feature ?? OpenBLAS.coreName ?? "portable",
        threads: WorkerPool.availableCores)
}
