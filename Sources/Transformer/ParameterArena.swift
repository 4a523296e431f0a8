public import Tensors

/// One number for every place of a `ParameterLayout`: the weights, their gradients, or a moment.
public final class ParameterArena: Sendable {
    public let layout: ParameterLayout
    public let buffer: FloatBuffer

    /// All zero.
    ///
    /// - Parameter isSparse: whether most of it will never be touched.
    public init(_ layout: ParameterLayout, isSparse: Bool = false) {
        self.layout = layout
        buffer = FloatBuffer(count: layout.count, isSparse: isSparse)
    }

    /// The first float of a parameter, or nil when the layout has none of that name.
    public func pointer(_ name: ParameterName) -> UnsafeMutablePointer<Float>? {
        layout[name].map { buffer.pointer + $0.offset }
    }
}
