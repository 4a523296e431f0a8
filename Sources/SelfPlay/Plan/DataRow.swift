/// One prompt with its actual response, as token ids.
package struct DataRow: Sendable, Equatable {
    package let prompt: [Int32]
    package let response: [Int32]

    package init(prompt: [Int32], response: [Int32]) {
        self.prompt = prompt
        self.response = response
    }

    package var count: Int { prompt.count + response.count }
}

/// The rows that fit, in file order, and how many did not.
package struct PreparedRows: Sendable {
    package let rows: [DataRow]
    package let tooLongRows: Int

    /// - Parameter limit: longest prompt and response together; a prompt alone must be shorter.
    package init(_ all: [DataRow], limit: Int) {
        rows = all.filter { $0.count <= limit && $0.prompt.count < limit }
        tooLongRows = all.count - rows.count
    }

    package var longestRow: Int { rows.map(\.count).max() ?? 0 }

    package var longestPrompt: Int { rows.map(\.prompt.count).max() ?? 0 }
}
