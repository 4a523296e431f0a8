#include "bias.h"

#include "kernel_attributes.h"

// C because Swift has no `restrict`: it cannot know that the arrays do not overlap, and does not
// vectorise.

SPIND_INLINE void add(int64_t count, const float *restrict x, float *restrict y) {
    for (int64_t c = 0; c < count; c++) y[c] += x[c];
}

SPIND_KERNEL
void spind_add_bias(int64_t rows, int64_t channels, const float *bias, float *y) {
    for (int64_t r = 0; r < rows; r++) add(channels, bias, y + r * channels);
}

SPIND_KERNEL
void spind_add_residual(
    int64_t rows, int64_t channels, const float *x, const float *branch, const float *bias,
    float *out
) {
    for (int64_t i = 0; i < rows * channels; i++) out[i] = x[i] + branch[i];
    if (bias) {
        for (int64_t r = 0; r < rows; r++) add(channels, bias, out + r * channels);
    }
}

SPIND_KERNEL
void spind_add_column_sums(
    int64_t rows, int64_t channels, int64_t stride, const float *dy, float *dbias) {
    for (int64_t r = 0; r < rows; r++) add(channels, dy + r * stride, dbias);
}
