import CKernels
import Glibc
import Synchronization

/// Where threads wait for something that other threads bring about by atomic stores: first
/// spinning, then asleep.
///
/// All loads and stores of what is waited for are sequentially consistent. A sleeper counts itself
/// before it looks for the last time, and the waker looks at the count after it has stored: so one
/// of them sees the other.
// Sendable: the pthread objects are made for sharing, the count is atomic.
final class WaitingPlace: @unchecked Sendable {
    /// How long a thread spins before it sleeps; waking it up costs about as much again.
    private static let spinNanoseconds: UInt64 = 100_000

    private let spins: Bool
    private let sleepers = Atomic<Int>(0)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// - Parameter spins: whether waiting threads may burn a core; not when there are more threads
    ///   than cores.
    init(spins: Bool) {
        self.spins = spins
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func wait(until isOver: () -> Bool) {
        if isOver() || spins && spin(until: isOver) { return }
        pthread_mutex_lock(mutex)
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while !isOver() {
            pthread_cond_wait(condition, mutex)
        }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    /// Wakes everyone, after a store that may have ended their wait.
    func notify() {
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    private func spin(until isOver: () -> Bool) -> Bool {
        let start = Self.now()
        repeat {
            for _ in 0..<32 {
                if isOver() { return true }
                spind_spin_hint()
            }
        } while Self.now() - start < Self.spinNanoseconds
        return false
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
