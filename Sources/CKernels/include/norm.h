#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Root-mean-square norm, or layer norm when `centered`: y = weight · (x − mean) / deviation +
/// bias.
typedef struct {
    const float *weight;
    /// May be null.
    const float *bias;
    int64_t channels;
    float epsilon;
    bool centered;
} spind_norm;

/// y = norm(x), both [rows, channels].
void spind_norm_forward(spind_norm norm, int64_t rows, const float *x, float *y);

/// sum = x + branch + branch_bias (which may be null), y = norm(sum): the residual stream is read
/// once for both.
void spind_add_norm_forward(
    spind_norm norm, int64_t rows, const float *x, const float *branch, const float *branch_bias,
    float *sum,
    float *y);

/// dx += gradient of norm at x; dweight and dbias (null without bias) += theirs. On entry
/// `dy_then_y` holds dy, on return y, which the following weight gradient needs and which so takes
/// no memory between forward and backward.
void spind_norm_backward(
    spind_norm norm, int64_t rows, const float *x, float *dy_then_y, float *dx, float *dweight,
    float *dbias);
