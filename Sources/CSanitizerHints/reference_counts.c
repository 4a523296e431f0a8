// Tells the thread sanitizer of Swift's reference counts; in no other build.
//
// An array that was copied out of a lock shares its memory until one of the two lets go of it; the
// other may then write in place. The counts that decide this are atomic, but they are in Swift's
// runtime, which is not instrumented. These two functions take the runtime's place, call it, and say
// that what was done with an object before letting go of it is seen by who finds itself alone.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>

// The caller may expect all registers back.
#define RUNTIME __attribute__((preserve_most, no_sanitize("thread")))

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef void release_function(void *object);
typedef bool is_unique_function(const void *object);

RUNTIME void swift_release(void *object) {
    static release_function *original;
    if (!original) original = (release_function *)dlsym(RTLD_NEXT, "swift_release");
    if (object) __tsan_release(object);
    original(object);
}

RUNTIME bool swift_isUniquelyReferenced_nonNull_native(const void *object) {
    static is_unique_function *original;
    if (!original)
        original = (is_unique_function *)dlsym(
            RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_native");
    bool is_unique = original(object);
    if (is_unique) __tsan_acquire((void *)object);
    return is_unique;
}
