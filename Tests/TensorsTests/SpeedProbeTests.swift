import SpinDomain
import Tensors
import Testing

struct SpeedProbeTests {
    /// Says a millisecond more every time it is asked; 0 stands still.
    private final class CountingClock: Clock, @unchecked Sendable {
        // Sendable: a probe looks at it from one thread only.
        private let step: Int
        private var microseconds = 0

        init(step: Int) {
            self.step = step
        }

        func now() -> Timestamp {
            microseconds += step
            return Timestamp(microseconds: microseconds)
        }
    }

    @Test func workOverTheShortestTimeIsTheSpeed() throws {
        // Every try takes one millisecond by this clock, whatever it does.
        let probe = SpeedProbe(pool: WorkerPool(width: 1), clock: CountingClock(step: 1000))
        let products = try #require(probe.matrixProduct(size: 32, seconds: 0.01))
        #expect(abs(products / (2 * 32 * 32 * 32 / 1e-3) - 1) < 1e-9)
        let read = try #require(probe.readBandwidth(bytes: 4096, seconds: 0.01))
        #expect(abs(read / (4096 / 1e-3) - 1) < 1e-9)
        let triad = try #require(probe.triadBandwidth(bytes: 4096, seconds: 0.01))
        #expect(abs(triad / (3 * 4096 / 1e-3) - 1) < 1e-9)
    }

    @Test func aClockThatStandsStillMeasuresNothing() {
        let probe = SpeedProbe(pool: WorkerPool(width: 1), clock: CountingClock(step: 0))
        #expect(probe.matrixProduct(size: 32) == nil)
        #expect(probe.readBandwidth(bytes: 4096) == nil)
    }

    @Test func memoryIsCounted() throws {
        let before = try #require(ProcessMemory.residentBytes)
        let buffer = FloatBuffer(count: 16 << 20)
        for index in stride(from: 0, to: buffer.count, by: 512) { buffer.pointer[index] = 1 }
        let after = try #require(ProcessMemory.residentBytes)
        // Half of the buffer's 64 MiB: tests that run beside this one give memory back.
        #expect(after - before > 32 << 20)
        #expect(ProcessMemory.peakBytes >= 64 << 20)
        #expect(buffer[0] == 1)
    }
}
