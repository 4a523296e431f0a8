// Tells the thread sanitizer of the contended locks of Swift's `Mutex`; in no other build.
//
// The uncontended way of `Mutex` is inlined, so that the sanitizer sees it. The contended one is in
// Swift's library, which is not instrumented, and ends in the kernel, which hands the lock over.
// These functions take the library's place, call it, and say that what was written before the lock
// was given away is seen by who gets it. Their names are the library's: _MutexHandle's _lockSlow,
// _tryLockSlow and _unlockSlow, with the lock in Swift's register for `self`.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *lock

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef SWIFT void lock_function(uint32_t thread, SELF);
typedef SWIFT bool try_lock_function(SELF);
typedef SWIFT void unlock_function(SELF);

SWIFT void spind_lock_slow(uint32_t thread, SELF) __asm__(LOCK_SLOW);
SWIFT bool spind_try_lock_slow(SELF) __asm__(TRY_LOCK_SLOW);
SWIFT void spind_unlock_slow(SELF) __asm__(UNLOCK_SLOW);

SWIFT void spind_lock_slow(uint32_t thread, SELF) {
    ((lock_function *)dlsym(RTLD_NEXT, LOCK_SLOW))(thread, lock);
    __tsan_acquire(lock);
}

SWIFT bool spind_try_lock_slow(SELF) {
    bool is_locked = ((try_lock_function *)dlsym(RTLD_NEXT, TRY_LOCK_SLOW))(lock);
    if (is_locked) __tsan_acquire(lock);
    return is_locked;
}

SWIFT void spind_unlock_slow(SELF) {
    __tsan_release(lock);
    ((unlock_function *)dlsym(RTLD_NEXT, UNLOCK_SLOW))(lock);
}
