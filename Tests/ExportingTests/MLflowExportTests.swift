import Exporting
import Foundation
import SpinDomain
import Testing

/// What MLflow itself makes of the files is for the end-to-end tests.
struct MLflowExportTests {
    private static let experiment = "115112105110100"
    private static let run = experiment + "/job_one"

    @Test func metricsAreLinesOfTimeValueAndPosition() throws {
        let folder = try TemporaryFolder()
        var history = ScriptedHistory()
        history.steps = [
            // Rows of an older program: its steps took three seconds each.
            ScriptedHistory.step(0, loss: 0.1), ScriptedHistory.step(1, loss: .nan),
            ScriptedHistory.step(2, loss: -.infinity, second: 100),
        ]
        history.validations = [0, 2].map {
            ValidationRecord(step: $0, iteration: 0, loss: 2, tokens: 5, seconds: 1)
        }
        var iteration = IterationRecord(iteration: 0)
        iteration.klPenalty = 0.25
        (iteration.firstStep, iteration.steps) = (0, 2)
        history.iterations = [iteration]
        _ = try MLflowExport.write(history, to: folder.url)
        let birth = ScriptedHistory.birth
        #expect(
            try folder.text(Self.run + "/metrics/step/loss")
                == "\(birth + 3)000 0.1 0\n\(birth + 6)000 nan 1\n\(birth + 100)000 -inf 2\n")
        #expect(
            try folder.text(Self.run + "/metrics/validation/loss")
                == "\(birth)000 2.0 0\n\(birth + 6)000 2.0 2\n")
        #expect(
            try folder.text(Self.run + "/metrics/iteration/kl_penalty")
                == "\(birth + 6)000 0.25 0\n")
        let names = try folder.files()
        #expect(!names.contains(Self.run + "/metrics/iteration/kl_actual"))
        #expect(!names.contains { $0.hasSuffix(".partial") })
    }

    @Test func aLabelIsATagWhateverItsKeyHolds() throws {
        let folder = try TemporaryFolder()
        let labels = ["team": "a\nb", "../../x y": "outside"]
        _ = try MLflowExport.write(ScriptedHistory(labels: labels), to: folder.url)
        #expect(try folder.text(Self.run + "/tags/label.team") == "a\nb")
        #expect(try folder.text(Self.run + "/tags/label..._.._x_y") == "outside")
        #expect(try folder.files().allSatisfy { $0.hasPrefix(Self.experiment + "/") })
    }

    @Test func jobsShareAnExperimentAndStayAsTheyWere() throws {
        let folder = try TemporaryFolder()
        var history = ScriptedHistory()
        _ = try MLflowExport.write(history, to: folder.url)
        let meta = try folder.text(Self.experiment + "/meta.yaml")
        let error = #expect(throws: SpinError.self) {
            try MLflowExport.write(history, to: folder.url)
        }
        #expect(error?.code == .conflict)
        history.job.id = "job_two"
        _ = try MLflowExport.write(history, to: folder.url)
        #expect(try folder.text(Self.experiment + "/meta.yaml") == meta)
        let run = try folder.text(Self.experiment + "/job_two/meta.yaml")
        #expect(run.contains(#"run_id: "job_two""#) && run.contains("status: 3\n"))
    }
}
