/// A layer's work that can be done again and again, for who measures layers alone.
package struct LayerTrial {
    package let name: String
    /// Rows of activations, or sequences where each has one row.
    package let rows: Int
    /// Floating-point operations that one run needs.
    package let operations: Double
    /// Bytes that one run must move between processor and memory at least; activations count only
    /// where there is little else.
    package let bytes: Double
    package let run: () -> Void

    package init(
        _ name: String, rows: Int, operations: Double = 0, bytes: Double = 0,
        run: @escaping () -> Void
    ) {
        self.name = name
        self.rows = rows
        self.operations = operations
        self.bytes = bytes
        self.run = run
    }

    /// Seconds that one run takes at least on a machine with these limits (the roofline of
    /// Williams, Waterman and Patterson, 2009).
    package func leastSeconds(operationsPerSecond: Double, bytesPerSecond: Double) -> Double {
        max(operations / operationsPerSecond, bytes / bytesPerSecond)
    }
}
