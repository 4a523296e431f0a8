import Foundation
import SpinDomain

/// What a client knows for certain about one job, and what it cannot know.
struct KnownJob {
    enum Existence: Equatable {
        /// The submission was answered, so it is there once.
        case there(id: String)
        /// No answer came: there once, or not at all.
        case maybe
        /// A refused submission, or an acknowledged deletion.
        case gone
    }

    let isManual: Bool
    var existence = Existence.maybe
    /// No answer came to a deletion.
    var mayBeDeleted = false
    /// What the label can be: one value, or more after requests without an answer.
    var labels: Set<String?> = [nil]
    /// How many iterations may be allowed.
    var allowed: ClosedRange<Int>
    /// Keys of step requests without an answer, with what they would allow.
    var openSteps: [String] = []
    /// Whether a pause was acknowledged and nothing but a person lets it go on.
    var isPaused = false
    var isCancelAcknowledged = false
    /// A status that nothing may change any more.
    var finalStatus: String?
    /// Every event that was ever read.
    var events: [String] = []
    var sequences: [Int] = []
    var areBitsChecked = false

    init(isManual: Bool) {
        self.isManual = isManual
        allowed = isManual ? 0...0 : NanoGame.iterations...NanoGame.iterations
    }

    var id: String? {
        if case .there(let id) = existence { id } else { nil }
    }
}
