import SpinDomain
import Testing

struct MetricDefinitionTests {
    @Test func everyMetricIsDefinedOnceAndInOrder() {
        #expect(MetricDefinition.all.map(\.name) == StepMetrics.names)
    }

    @Test func nothingIsLeftEmpty() {
        for definition in MetricDefinition.all {
            for text in [
                definition.formula, definition.unit, definition.mask, definition.averaging,
            ] {
                #expect(!text.isEmpty, "\(definition.name)")
            }
        }
    }

    /// What a step reports must not fall silent because a name was forgotten.
    @Test func everyNameHasAValue() {
        var row = StepMetrics(
            step: 1, iteration: 2, epoch: 3, loss: 4, sftLoss: 5, gradNorm: 6, learningRate: 7,
            consumedSamples: 8, stepTime: 9, tokensPerSecond: 10)
        let optional: [WritableKeyPath<StepMetrics, Double?>] = [
            \.accuracy, \.rewardsActualMean, \.rewardsGeneratedMean, \.rewardsAllMean,
            \.rewardsAllStd, \.rewardsMarginMean, \.klPenalty, \.logpsActualMean,
            \.logpsGeneratedMean, \.avgGeneratedLengths, \.saturatedFraction, \.identicalFraction,
            \.rolloutTokensPerSecond, \.referenceTokensPerSecond, \.mfu,
        ]
        for path in optional { row[keyPath: path] = 1 }
        row.residentBytes = 1
        row.peakResidentBytes = 1
        for name in StepMetrics.names { #expect(row.value(name) != nil, "\(name)") }
    }
}
