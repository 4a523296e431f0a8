#include "rotary.h"

#include "kernel_attributes.h"

// C because Swift has no `restrict` and does not vectorise a loop that writes two places.

SPIND_INLINE void rotate_head(
    int64_t half, const float *restrict cosines, const float *restrict sines, float direction,
    float *restrict first, float *restrict second
) {
    for (int64_t i = 0; i < half; i++) {
        const float sine = direction * sines[i];
        const float a = first[i], b = second[i];
        first[i] = a * cosines[i] - b * sine;
        second[i] = b * cosines[i] + a * sine;
    }
}

SPIND_KERNEL
void spind_rotate(
    int64_t heads, int64_t head_size, int64_t half, const float *cosines, const float *sines,
    float direction,
    float *x
) {
    for (int64_t h = 0; h < heads; h++, x += head_size) {
        rotate_head(half, cosines, sines, direction, x, x + half);
    }
}
