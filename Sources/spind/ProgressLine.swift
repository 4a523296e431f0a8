import Foundation
import SpinDomain

/// One line at the bottom of a terminal that is overwritten; plain lines elsewhere.
struct ProgressLine {
    var totalSteps = 0
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var secondsSpent = 0.0
    private var stepsSeen = 0

    func say(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
    }

    func rollout(done: Int, total: Int, tokensPerSecond: Double) {
        show(
            "  rollout \(Self.bar(done, total)) \(done)/\(total), "
                + "\(Int(tokensPerSecond)) tokens/s")
    }

    mutating func step(_ metrics: StepMetrics) {
        secondsSpent += metrics.stepTime
        stepsSeen += 1
        let left = Double(max(0, totalSteps - metrics.step - 1)) * secondsSpent / Double(stepsSeen)
        var text =
            "  step \(Self.bar(metrics.step + 1, totalSteps)) \(metrics.step + 1)/\(totalSteps)"
        text += String(format: " loss %.4f", metrics.loss)
        if let accuracy = metrics.accuracy, let margin = metrics.rewardsMarginMean {
            text += String(format: " acc %.2f margin %.3f", accuracy, margin)
        }
        text += String(format: " %.0f tokens/s, %.0f s left", metrics.tokensPerSecond, left)
        show(text)
    }

    private func show(_ text: String) {
        write(isTerminal ? "\r\u{1B}[K" + text : text + "\n")
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static func bar(_ done: Int, _ total: Int) -> String {
        let width = 20
        let filled = total > 0 ? min(width, width * done / total) : 0
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: "·", count: width - filled) + "]"
    }
}
