import Client
import Foundation
import SpinDomain
import Testing

struct JobDocumentTests {
    private func read(_ text: String, _ changes: String..., isJSON: Bool = false) throws -> String {
        try JobDocument.document(Data(text.utf8), isJSON: isJSON, name: "f", changes: changes).text
    }

    @Test func changesReachNestedKeysAndKeepTheirKinds() throws {
        let changed = try read(
            "name: a\nspin: {max_iterations: 1}\n", "spin.max_iterations=3",
            "optim.lr=[5e-7, 1e-7]",
            "train.limit_train_batches=1.0", "name='3'", "spin.loss=hinge")
        #expect(
            changed
                == #"{"name":"3","spin":{"max_iterations":3,"loss":"hinge"},"#
                + #""optim":{"lr":[5e-07,1e-07]},"train":{"limit_train_batches":1.0}}"#)
        #expect(try read("{}", "model=tiny") == #"{"model":"tiny"}"#)
        #expect(try read(#"{"a":1}"#, "a=", isJSON: true) == #"{"a":null}"#)
    }

    @Test(arguments: ["seed", "=3", "a..b=1", ".a=1", "name.first=x", "a=[1", "a={"])
    func aChangeThatCannotBeMadeIsNamed(change: String) {
        let error = #expect(throws: SpinError.self) { try read("name: a", change) }
        #expect(error?.message.contains("--set \(change)") == true)
    }

    @Test func aBadFileIsNamed() {
        let error = #expect(throws: SpinError.self) { try read("a: [", isJSON: false) }
        #expect(error?.message.hasPrefix("f: ") == true)
        let missing = #expect(throws: SpinError.self) { try JobDocument.read("/nowhere/job.yaml") }
        #expect(missing?.message.contains("/nowhere/job.yaml") == true)
    }
}
