#pragma once

#include <stdint.h>

/// y += bias in every row of y [rows, channels].
void spind_add_bias(int64_t rows, int64_t channels, const float *bias, float *y);

/// out = x + branch + bias, all [rows, channels]; bias may be null, out may be x.
void spind_add_residual(
    int64_t rows, int64_t channels, const float *x, const float *branch, const float *bias,
    float *out);

/// The backward of a bias: dbias[0..<channels] += the column sums of dy, whose rows lie `stride`
/// floats apart.
void spind_add_column_sums(
    int64_t rows, int64_t channels, int64_t stride, const float *dy, float *dbias);
