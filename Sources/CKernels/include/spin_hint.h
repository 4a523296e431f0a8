#pragma once

#include "kernel_attributes.h"

/// Tells the processor that this is a waiting loop. C because Swift has no such instruction.
SPIND_INLINE void spind_spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}
