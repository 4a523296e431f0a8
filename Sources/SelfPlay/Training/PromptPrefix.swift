/// The tokens that all prompts of some pairs begin with, a chat template's system message for one.
package enum PromptPrefix {
    /// - Returns: how many, but not a prompt's last two: both can be scored from their own rows.
    package static func length(of prompts: [[Int32]]) -> Int {
        guard prompts.count > 1, let first = prompts.first else { return 0 }
        return prompts.reduce(first.count) { shared, prompt in
            let same = zip(first, prompt).prefix { $0 == $1 }.count
            return max(0, min(shared, same, prompt.count - 2))
        }
    }

    /// Rows that have to be saved before two more passes through the model are worth reading all
    /// weights again: about what is computed in that time.
    private static let smallestSaving = 64

    /// What passes over the pairs can share; empty where that saves nothing.
    package static func worthSharing(_ pairs: some Collection<TrainingPair>) -> [Int32] {
        let prompts = pairs.map(\.prompt)
        let length = length(of: prompts)
        guard length * (prompts.count - 1) >= smallestSaving, let first = prompts.first else {
            return []
        }
        return Array(first[..<length])
    }
}
