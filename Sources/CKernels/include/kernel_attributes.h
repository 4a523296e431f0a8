#pragma once

/// `SPIND_KERNEL` marks the definition of a kernel: one clone per instruction set, chosen when the
/// program is loaded. Clones may round differently in the last bit, so bits are promised per
/// machine, not across machines. Under the sanitizers there is only one, of AVX2: what chooses a
/// clone runs before they are ready for it.
#if (__has_feature(thread_sanitizer) || __has_feature(address_sanitizer)) && defined(__x86_64__)
#define SPIND_KERNEL __attribute__((target("arch=x86-64-v3")))
#elif defined(__x86_64__) && defined(__linux__)
#define SPIND_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SPIND_KERNEL
#endif

/// `SPIND_INLINE` marks helpers of kernels: a helper that is not inlined would be compiled once,
/// for the baseline.
#define SPIND_INLINE static inline __attribute__((always_inline))
