#include "vector.h"

#include "kernel_attributes.h"
#include <stdint.h>
#include <string.h>

SPIND_KERNEL void spind_vector_scale(float *values, ptrdiff_t count, float factor) {
    for (ptrdiff_t i = 0; i < count; i++) {
        values[i] *= factor;
    }
}

SPIND_KERNEL void spind_vector_add_scaled(
    float *restrict target, const float *restrict source, ptrdiff_t count, float factor) {
    for (ptrdiff_t i = 0; i < count; i++) {
        target[i] += factor * source[i];
    }
}

SPIND_KERNEL double spind_vector_sum_squares(const float *values, ptrdiff_t count) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sum;
}

SPIND_KERNEL double spind_vector_sum(const float *values, ptrdiff_t count) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        sum += (double)values[i];
    }
    return sum;
}

// The exponent bits are looked at as integers, because this file is compiled with -fno-honor-nans.
SPIND_KERNEL bool spind_vector_is_finite(const float *values, ptrdiff_t count) {
    const uint32_t exponent = 0x7f800000;
    uint32_t found = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return found == 0;
}
