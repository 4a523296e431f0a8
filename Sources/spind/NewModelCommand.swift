import ArgumentParser
import SelfPlay
import SpinDomain

/// `spind new-model`: a random Llama with a byte vocabulary, to train from nothing.
struct NewModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-model",
        abstract: "Write a randomly initialised Llama with a byte vocabulary.")

    @Argument(help: "The folder to write; must not exist.")
    var folder: String

    @Option(help: "Layers.")
    var layers = 4

    @Option(help: "Channels; a multiple of the heads.")
    var channels = 128

    @Option(help: "Attention heads.")
    var heads = 4

    @Option(help: "Channels inside the feed-forward block.")
    var feedForward = 352

    @Option(help: "Longest sequence, in tokens.")
    var context = 64

    @Option(help: "Seed of the random weights.")
    var seed: UInt64 = 1

    func run() throws {
        let shape = NewModel(
            layers: layers, channels: channels, heads: heads, feedForwardChannels: feedForward,
            contextLength: context)
        let parameters = try shape.write(to: folder, seed: seed)
        print("\(folder): \(parameters) parameters")
    }
}
