import SpinDomain

/// Checked access to the numbers, flags and words of a `config.json` or of GGUF metadata.
struct ConfigurationFields {
    /// In messages.
    let file: String
    let object: JSONObject

    init(_ object: JSONObject, file: String) {
        self.file = file
        self.object = object
    }

    /// The metadata whose keys begin with `prefix`, which is taken off.
    init(_ metadata: [String: GGUFValue], prefix: String, file: String) {
        let keys = metadata.keys.filter { $0.hasPrefix(prefix) }
        self.file = file
        object = JSONObject(
            keys.compactMap { key in
                metadata[key].map { (String(key.dropFirst(prefix.count)), JSONValue($0)) }
            })
    }

    /// Nil for absent and for `null`, which transformers treats alike almost everywhere.
    func lookUp(_ key: String) -> JSONValue? {
        let value = object[key]
        return value == .null ? nil : value
    }

    func damaged(_ key: String, _ value: JSONValue, _ expected: String) -> SpinError {
        SpinError.damaged(file, "'\(key)' is \(value.text.prefix(80)), not \(expected)")
    }

    /// A supported file with an option of it that is not.
    func unsupported(_ key: String, _ value: JSONValue, allowed: String) -> SpinError {
        SpinError(
            .unsupported,
            "\(file): '\(key)' is \(value.text.prefix(80)), which is not supported",
            hint: "supported: \(allowed)")
    }

    func optionalInteger(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let value = lookUp(key) else { return nil }
        guard let number = value.wholeNumber, range.contains(number) else {
            throw damaged(
                key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// - Parameter absent: what a missing key means; nil when it must be there.
    func integer(_ key: String, _ range: ClosedRange<Int>, absent: Int? = nil) throws -> Int {
        guard let number = try optionalInteger(key, range) ?? absent else {
            throw SpinError.damaged(file, "has no '\(key)'")
        }
        return number
    }

    /// A finite number above zero.
    func positive(_ key: String, absent: Double? = nil) throws -> Double {
        guard let value = lookUp(key) else {
            guard let absent else { throw SpinError.damaged(file, "has no '\(key)'") }
            return absent
        }
        guard let number = value.double, number > 0, number.isFinite else {
            throw damaged(key, value, "a number above 0")
        }
        return number
    }

    func flag(_ key: String, absent: Bool) throws -> Bool {
        guard let value = lookUp(key) else { return absent }
        guard case .bool(let flag) = value else { throw damaged(key, value, "true or false") }
        return flag
    }

    func word(_ key: String) throws -> String? {
        guard let value = lookUp(key) else { return nil }
        guard let word = value.string else { throw damaged(key, value, "a string") }
        return word
    }

    /// The norm's epsilon: a number that stays above zero as a 32-bit float.
    func epsilon(_ key: String, absent: Double? = nil) throws -> Float {
        let number = try positive(key, absent: absent)
        guard Float(number) > 0, number < 1 else {
            throw damaged(key, .number(number), "a small number above 0")
        }
        return Float(number)
    }
}

extension JSONValue {
    /// The number when it is whole, also where it is written as `4096.0` or `1e3`.
    fileprivate var wholeNumber: Int? { integer ?? double.flatMap { Int(exactly: $0) } }

    /// A GGUF value in the form that `ConfigurationFields` reads.
    init(_ value: GGUFValue) {
        switch value {
        case .unsigned(let number):
            self = Int(exactly: number).map { .integer($0) } ?? .number(Double(number))
        case .signed(let number): self = .integer(Int(number))
        case .float(let number): self = .number(number)
        case .bool(let flag): self = .bool(flag)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map { JSONValue($0) })
        }
    }
}
