import SpinDomain

/// TensorBoard's messages Event and Summary (event.proto and summary.proto of TensorFlow).
enum EventMessage {
    /// What a file begins with.
    static func version(at time: Timestamp) -> ProtobufMessage {
        var event = event(at: time, step: 0)
        event.add(3, text: "brain.Event:2")
        return event
    }

    /// - Parameter description: what a value means, for those that were not described before.
    static func scalars(
        _ measurement: Measurement, description: (Measurement.Value) -> String?
    ) -> ProtobufMessage {
        var summary = ProtobufMessage()
        for value in measurement.values {
            var message = ProtobufMessage()
            message.add(1, text: measurement.path(value))
            // The field of single precision is the one that every reader knows; what the charts
            // draw has no more.
            message.add(2, float: Float(value.value))
            if let text = description(value) {
                message.add(9, message: metadata(plugin: "scalars", description: text))
            }
            summary.add(1, message: message)
        }
        var event = event(at: measurement.time, step: measurement.position)
        event.add(5, message: summary)
        return event
    }

    /// - Parameter markdown: what TensorBoard shows under "Text".
    static func text(_ tag: String, _ markdown: String, at time: Timestamp) -> ProtobufMessage {
        var dimension = ProtobufMessage()
        dimension.add(1, integer: 1)
        var shape = ProtobufMessage()
        shape.add(2, message: dimension)
        var tensor = ProtobufMessage()
        tensor.add(1, integer: stringType)
        tensor.add(2, message: shape)
        tensor.add(8, text: markdown)
        var value = ProtobufMessage()
        value.add(1, text: tag)
        value.add(8, message: tensor)
        value.add(9, message: metadata(plugin: "text", description: nil))
        var summary = ProtobufMessage()
        summary.add(1, message: value)
        var event = event(at: time, step: 0)
        event.add(5, message: summary)
        return event
    }

    /// DT_STRING of types.proto.
    private static let stringType = 7

    private static func event(at time: Timestamp, step: Int) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, double: Double(time.microseconds) / 1e6)
        event.add(2, integer: step)
        return event
    }

    private static func metadata(plugin: String, description: String?) -> ProtobufMessage {
        var data = ProtobufMessage()
        data.add(1, text: plugin)
        var metadata = ProtobufMessage()
        metadata.add(1, message: data)
        if let description { metadata.add(3, text: description) }
        return metadata
    }
}
