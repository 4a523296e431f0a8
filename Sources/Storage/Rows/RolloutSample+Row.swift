import Foundation
import GRDB
import SpinDomain

extension RolloutSample: StoredRecord {
    static let table = Table(
        name: "rollout",
        columns: [
            "iteration", "position", "epoch", "source_iteration", "dataset_row", "prompt_ids",
            "actual_ids", "generated_ids", "prompt", "actual", "generated",
            "reference_logp_actual", "reference_logp_generated", "stop_reason",
        ],
        exactText: ["prompt", "actual", "generated"])

    init(from reader: inout ColumnReader) throws {
        self.init(
            iteration: try reader.next(), index: try reader.next(), epoch: try reader.next(),
            sourceIteration: try reader.next(), row: try reader.next(),
            promptIDs: try reader.tokenIDs(), actualIDs: try reader.tokenIDs(),
            generatedIDs: try reader.tokenIDs(), prompt: try reader.optionalExactText(),
            actual: try reader.optionalExactText(), generated: try reader.optionalExactText(),
            referenceLogpActual: try reader.next(), referenceLogpGenerated: try reader.next(),
            stopReason: try reader.choice())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            iteration, index, epoch, sourceIteration, row, TokenIDs.encode(promptIDs),
            TokenIDs.encode(actualIDs), TokenIDs.encode(generatedIDs),
            Self.bytes(prompt), Self.bytes(actual), Self.bytes(generated), referenceLogpActual,
            referenceLogpGenerated, stopReason.rawValue,
        ]
    }

    private static func bytes(_ text: String?) -> Data? { text.map { Data($0.utf8) } }
}
