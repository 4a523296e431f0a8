import SelfPlay
import SpinDomain
import Testing

@Suite struct GamePlanTests {
    private func plan(rows: Int, _ change: (inout JobConfiguration) -> Void = { _ in }) -> GamePlan
    {
        var configuration = JobConfiguration(name: "n", model: "m", dataset: "d")
        configuration.spin.maxIterations = 3
        configuration.spin.maxEpochs = 2
        configuration.train.globalBatchSize = 4
        change(&configuration)
        return GamePlan(configuration, rows: rows)
    }

    @Test func incompleteBatchesAreLeftOut() {
        let plan = plan(rows: 11)
        #expect(plan.iterations.map(\.stepsPerEpoch) == [2, 2, 2])
        #expect(plan.iterations.map(\.firstStep) == [0, 4, 8])
        #expect(plan.totalSteps == 12)
    }

    @Test func mixedInPairsDoubleAllIterationsButTheFirst() {
        let plan = plan(rows: 10) { $0.spin.previousIterations = 1 }
        #expect(plan.iterations.map(\.pairs) == [10, 20, 20])
        #expect(plan.iterations.map(\.stepsPerEpoch) == [2, 5, 5])
    }

    @Test func stepsCanBeLimitedByShareByCountAndByTheJob() {
        #expect(plan(rows: 40) { $0.train.limitTrainBatches = .fraction(0.25) }.totalSteps == 12)
        #expect(plan(rows: 40) { $0.train.limitTrainBatches = .count(3) }.totalSteps == 18)
        let capped = plan(rows: 40) { $0.train.maxSteps = 25 }
        #expect(capped.iterations.map(\.steps) == [20, 5])
        #expect(capped.iterations.map(\.isLimited) == [false, true])
    }

    @Test func tooFewRowsGiveNoIteration() {
        #expect(plan(rows: 3).iterations.isEmpty)
    }

    @Test func everyEpochVisitsItsPairsOnceInAnotherOrder() {
        let plan = plan(rows: 12)
        let orders = (0..<2).map { epoch in
            let order = plan.order(plan.iterations[0], epoch: epoch, seed: 9)
            return (0..<3).flatMap { order.batch($0) }
        }
        #expect(orders[0].sorted() == Array(0..<12))
        #expect(orders[1].sorted() == Array(0..<12))
        #expect(orders[0] != orders[1])
        let again = plan.order(plan.iterations[0], epoch: 0, seed: 9)
        #expect((0..<3).flatMap { again.batch($0) } == orders[0])
        let otherSeed = plan.order(plan.iterations[0], epoch: 0, seed: 10)
        #expect((0..<3).flatMap { otherSeed.batch($0) } != orders[0])
    }

    @Test func samplesOfEpochsAndEarlierIterationsFollowEachOther() {
        let once = plan(rows: 10) { $0.spin.previousIterations = 1 }
        #expect(once.sample(pair: 3, epoch: 1) == 3)
        #expect(once.sample(pair: 13, epoch: 1) == 13)
        let fresh = plan(rows: 10) {
            $0.spin.previousIterations = 1
            $0.spin.regenerate = .epoch
        }
        #expect(fresh.ownSamples == 20)
        #expect(fresh.sample(pair: 3, epoch: 1) == 13)
        #expect(fresh.sample(pair: 13, epoch: 1) == 33)
    }

    @Test func limitedIterationsDrawOnlyWhatTheirStepsSee() {
        let plan = plan(rows: 100) { $0.train.limitTrainBatches = .count(2) }
        let iteration = plan.iterations[0]
        let seen = Set(
            (0..<2).flatMap { epoch -> [Int] in
                let order = plan.order(iteration, epoch: epoch, seed: 1)
                return (0..<2).flatMap { order.batch($0) }
            })
        #expect(plan.samplesToDraw(iteration, seed: 1, areReused: false) == seen.sorted())
        #expect(plan.samplesToDraw(iteration, seed: 1, areReused: true) == Array(0..<100))
    }

    @Test func rowsThatDoNotFitAreLeftOut() {
        let rows = [
            DataRow(prompt: [1, 2, 3], response: [4]),
            DataRow(prompt: [1, 2], response: [4, 5, 6]),
            DataRow(prompt: [1], response: [2, 3, 4]),
        ]
        let prepared = PreparedRows(rows, limit: 4)
        #expect(prepared.rows == [rows[0], rows[2]])
        #expect(prepared.tooLongRows == 1)
    }
}
