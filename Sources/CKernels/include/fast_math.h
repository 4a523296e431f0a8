#pragma once

#include "kernel_attributes.h"
#include <stdint.h>
#include <string.h>

/// exp(x) without branches, tables or library calls, so that loops around it are vectorised.
///
/// Relative error at most 1e-7. Below log(FLT_MIN) = -87.3365 the result is 0 (so exp(-inf) = 0),
/// above log(FLT_MAX) = 88.7228 it is infinity. NaN in gives an unspecified result: look for NaN
/// before or after. C because Swift does not vectorise it. Method: x = n·log(2) + r, exp(x) =
/// 2^n·exp(r), polynomial for exp(r).
SPIND_INLINE float spind_exp(float x) {
// log(2) is subtracted in two parts; merging them, as the build flags allow, would lose the second
// one.
#pragma clang fp reassociate(off)
    const float smallest = -87.33654f, largest = 88.72283f;
    float inside = x < smallest ? smallest : x;
    inside = inside > largest ? largest : inside;

    const float n = __builtin_rintf(inside * 1.44269504f);
    // 0.693359375 has nine bits, so n times it is exact.
    const float r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;

    // Cephes' coefficients for (exp(r) - 1 - r) / r^2 on |r| <= log(2) / 2.
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;

    int32_t bits;
    memcpy(&bits, &p, sizeof bits);
    bits += (int32_t)((uint32_t)(int32_t)n << 23);
    float result;
    memcpy(&result, &bits, sizeof result);
    result = x < smallest ? 0.0f : result;
    return x > largest ? __builtin_inff() : result;
}

/// 1 / (1 + exp(-x)), for vector loops. C because Swift does not vectorise it.
SPIND_INLINE float spind_sigmoid(float x) {
    return 1.0f / (1.0f + spind_exp(-x));
}

/// tanh(x) = 2·sigmoid(2x) - 1, for vector loops; absolute error at most 2e-7. C because Swift does
/// not vectorise it.
SPIND_INLINE float spind_tanh(float x) {
    return 2.0f * spind_sigmoid(2.0f * x) - 1.0f;
}
