import COpenBLAS

/// The OpenBLAS library of this machine, loaded at run time with the kernels that suit the
/// processor.
///
/// OPENBLAS_CORETYPE in the environment overrides the choice of kernels.
public enum OpenBLAS {
    /// The kernel family in use, such as "SkylakeX"; nil when the library is missing or computes
    /// wrong results here, in which case the portable product takes over.
    public static let coreName: String? = {
        guard spind_openblas_load(), let name = spind_openblas_core_name() else { return nil }
        return MatrixProduct.agreesWithNaive(MatrixProduct.computeByOpenBLAS)
            ? String(cString: name) : nil
    }()

    static var isUsable: Bool { coreName != nil }
}
