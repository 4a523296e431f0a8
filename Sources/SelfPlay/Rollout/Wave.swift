/// The bookkeeping of one wave: who waits, who is live in which slot, who is done.
struct Wave {
    private let requests: [RolloutRequest]
    /// Indices of requests, the next one last.
    private var waiting: [Int]
    /// By slot.
    var live: [LiveSequence?]
    private(set) var answers: [RolloutAnswer]
    private(set) var finished = 0

    init(_ requests: [RolloutRequest], slots: Int) {
        self.requests = requests
        live = [LiveSequence?](repeating: nil, count: slots)
        answers = [RolloutAnswer](repeating: RolloutAnswer(), count: requests.count)
        // The longest first: the wave's end, when slots run empty, is then made of short ones.
        waiting = requests.indices.sorted {
            (requests[$0].prompt.count, $1) < (requests[$1].prompt.count, $0)
        }
    }

    var isDone: Bool { waiting.isEmpty && live.allSatisfy { $0 == nil } }

    var liveSlots: [Int] { live.indices.filter { live[$0] != nil } }

    /// Puts waiting requests into free slots, as many as one prefill pass takes.
    ///
    /// - Returns: their slots, or nil when nothing waits or no slot is free.
    mutating func admit(
        sequences: Int, rows: Int, _ make: (Int, RolloutRequest) -> LiveSequence
    ) -> [Int]? {
        var admitted: [Int] = []
        var used = 0
        for slot in live.indices where live[slot] == nil {
            guard let next = waiting.last, admitted.count < sequences else { break }
            let request = requests[next]
            used += request.prompt.count + request.actual.count
            // One request is always taken, however long.
            guard admitted.isEmpty || used <= rows else { break }
            waiting.removeLast()
            live[slot] = make(next, request)
            admitted.append(slot)
        }
        return admitted.isEmpty ? nil : admitted
    }

    /// Appends a drawn token; a response that ends leaves its slot.
    mutating func append(_ draw: Sampler.Draw, to slot: Int, _ rules: RolloutRules) {
        guard live[slot]?.append(draw, rules) == true, let sequence = live[slot] else { return }
        answers[sequence.index] = sequence.answer
        live[slot] = nil
        finished += 1
    }
}
