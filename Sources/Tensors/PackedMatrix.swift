import CKernels

/// A copy of a matrix W `[n, k]` in the order in which products with it read memory.
///
/// Costs as much memory as W, and pays when W serves many products, as frozen weights do. A row
/// of X·Wᵀ has the same bits whatever other rows X has, and whatever the pool's width.
public final class PackedMatrix: Sendable {
    public let rows: Int
    public let columns: Int
    /// Panels `[⌈rows / panelWidth⌉, columns, panelWidth]`.
    private let panels: FloatBuffer

    /// Rows of W that lie interleaved; parts of the matrix begin at multiples of it.
    public static let panelWidth = Int(SPIND_PANEL_WIDTH)

    /// - Parameter weights: `[rows, columns]`, not needed any more afterwards.
    public init(
        _ weights: UnsafePointer<Float>, rows: Int, columns: Int, using pool: WorkerPool
    ) {
        precondition(rows > 0 && columns > 0, "PackedMatrix: [\(rows), \(columns)]")
        self.rows = rows
        self.columns = columns
        let count = Self.panelCount(rows)
        let panels = FloatBuffer(count: count * Self.panelWidth * columns)
        self.panels = panels
        pool.split(count) { _, range in
            spind_panels_pack(
                weights, columns, rows, columns, range.lowerBound, range.upperBound,
                panels.pointer)
        }
    }

    private static func panelCount(_ rows: Int) -> Int { (rows + panelWidth - 1) / panelWidth }

    /// Y`[m, part.count]` = X`[m, columns]` · W`[part, :]`ᵀ.
    struct Product {
        let x: UnsafePointer<Float>
        let y: UnsafeMutablePointer<Float>
        let m: Int
        /// Rows of W, beginning at a multiple of `panelWidth`.
        let part: Range<Int>

        /// Computes the panels of `range`, counted within the part, for some rows of X.
        func compute(_ matrix: PackedMatrix, rows: Range<Int>, panels range: Range<Int>) {
            let k = matrix.columns
            var product = spind_panel_product(
                activations: x + rows.lowerBound * k,
                // Whole panels lie before the part, so it begins where it would begin in W.
                panels: UnsafePointer(matrix.panels.pointer + part.lowerBound * k),
                results: y + rows.lowerBound * part.count, m: rows.count, n: part.count, k: k,
                activation_stride: k, result_stride: part.count)
            spind_panel_product_compute(&product, range.lowerBound, range.upperBound)
        }
    }
}

extension WorkerPool {
    /// Y`[m, n]` = X`[m, k]` · W`[n, k]`ᵀ, or the columns `part` of it alone, all without gaps.
    ///
    /// - Parameter part: rows of W; begins at a multiple of `PackedMatrix.panelWidth`.
    public func multiply(
        _ x: UnsafePointer<Float>, _ matrix: PackedMatrix, part: Range<Int>? = nil,
        into y: UnsafeMutablePointer<Float>, m: Int
    ) {
        let part = part ?? 0..<matrix.rows
        precondition(
            m >= 0 && part.lowerBound >= 0 && part.upperBound <= matrix.rows
                && part.lowerBound % PackedMatrix.panelWidth == 0,
            "multiply: \(m) rows with rows \(part) of [\(matrix.rows), \(matrix.columns)]")
        let product = PackedMatrix.Product(x: x, y: y, m: m, part: part)
        let panels = (part.count + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth
        // Of each block of rows of X, all stay in a worker's cache while its panels pass.
        let most = spind_panel_product_rows(matrix.columns)
        let blocks = (m + most - 1) / most
        // Even shares, however many workers are worth waking.
        let cost = part.count * matrix.columns * m
        let shares = max(1, min(width, cost / Self.smallestPackedShare))
        split(panels, grain: max(1, (panels + shares - 1) / shares)) { _, range in
            for block in 0..<blocks {
                let rows = Self.range(of: block, among: blocks, count: m, grain: 1)
                product.compute(matrix, rows: rows, panels: range)
            }
        }
    }

    /// Multiplications that take longer than handing them to a worker who spins.
    private static let smallestPackedShare = 1 << 15
}
