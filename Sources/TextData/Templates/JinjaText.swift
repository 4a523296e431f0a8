/// Python's string methods, on scalars and bytes, so that no combining mark is seen as part of a letter.
extension String {
    /// Where the bytes of a part first stand.
    func firstOccurrence(of part: String, from start: String.Index? = nil) -> Range<String.Index>? {
        let wanted = part.utf8
        guard let first = wanted.first else { return startIndex..<startIndex }
        var place = start ?? startIndex
        while let found = utf8[place...].firstIndex(of: first) {
            if utf8[found...].starts(with: wanted) {
                return found..<utf8.index(found, offsetBy: wanted.count)
            }
            place = utf8.index(after: found)
        }
        return nil
    }

    /// - Parameter limit: at most so many places, all where nil.
    func occurrences(of part: String, limit: Int? = nil) -> [Range<String.Index>] {
        var ranges: [Range<String.Index>] = []
        guard !part.isEmpty else { return ranges }
        var place = startIndex
        while ranges.count < limit ?? Int.max, let range = firstOccurrence(of: part, from: place) {
            ranges.append(range)
            place = range.upperBound
        }
        return ranges
    }

    /// The pieces between the places.
    func cut(at ranges: [Range<String.Index>]) -> [String] {
        var pieces: [String] = []
        var start = startIndex
        for range in ranges {
            pieces.append(String(self[start..<range.lowerBound]))
            start = range.upperBound
        }
        return pieces + [String(self[start...])]
    }

    /// Without characters of a set, or white space, at the ends.
    func stripped(_ characters: String?, left: Bool = true, right: Bool = true) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func isInSet(_ scalar: Unicode.Scalar) -> Bool {
            set?.contains(scalar) ?? scalar.isPythonSpace
        }
        var rest = unicodeScalars[...]
        while left, let first = rest.first, isInSet(first) { rest.removeFirst() }
        while right, let last = rest.last, isInSet(last) { rest.removeLast() }
        return String(rest)
    }

    /// Words between runs of white space.
    func words() -> [String] {
        unicodeScalars.split(whereSeparator: \.isPythonSpace).map { String($0) }
    }

    func capitalizedFirst() -> String {
        guard let first = unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).lowercased()
    }

    func startsSpelled(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    func endsSpelled(_ suffix: String) -> Bool {
        utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
