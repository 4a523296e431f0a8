#include "norm.h"

#include "kernel_attributes.h"
#include <math.h>

// C because Swift adds floats in strict order and so cannot vectorise the sums.

typedef struct {
    float mean, inverse_deviation;
} statistics;

SPIND_INLINE statistics measure(spind_norm norm, const float *restrict x) {
    const int64_t n = norm.channels;
    float mean = 0;
    if (norm.centered) {
        for (int64_t c = 0; c < n; c++) mean += x[c];
        mean /= (float)n;
    }
    float squares = 0;
    for (int64_t c = 0; c < n; c++) squares += (x[c] - mean) * (x[c] - mean);
    return (statistics){mean, 1 / sqrtf(squares / (float)n + norm.epsilon)};
}

SPIND_INLINE void normalize(
    spind_norm norm, statistics s, const float *restrict x, float *restrict y) {
    for (int64_t c = 0; c < norm.channels; c++) {
        y[c] = (x[c] - s.mean) * s.inverse_deviation * norm.weight[c];
    }
    if (norm.bias) {
        for (int64_t c = 0; c < norm.channels; c++) y[c] += norm.bias[c];
    }
}

SPIND_KERNEL
void spind_norm_forward(spind_norm norm, int64_t rows, const float *x, float *y) {
    for (int64_t r = 0; r < rows; r++, x += norm.channels, y += norm.channels) {
        normalize(norm, measure(norm, x), x, y);
    }
}

SPIND_KERNEL
void spind_add_norm_forward(
    spind_norm norm, int64_t rows, const float *x, const float *branch, const float *branch_bias,
    float *sum,
    float *y
) {
    const int64_t n = norm.channels;
    for (int64_t r = 0; r < rows; r++, x += n, branch += n, sum += n, y += n) {
        for (int64_t c = 0; c < n; c++) sum[c] = x[c] + branch[c];
        if (branch_bias) {
            for (int64_t c = 0; c < n; c++) sum[c] += branch_bias[c];
        }
        normalize(norm, measure(norm, sum), sum, y);
    }
}

SPIND_INLINE void norm_row_backward(
    spind_norm norm, const float *restrict x, float *restrict dy_then_y, float *restrict dx,
    float *restrict dweight, float *restrict dbias
) {
    const int64_t n = norm.channels;
    const statistics s = measure(norm, x);
    // With unit = (x − mean) / deviation and dunit = dy · weight:
    // dx = (dunit − mean(dunit) − unit · mean(dunit · unit)) / deviation.
    // Without centering the first mean falls away.
    float sum = 0, product = 0;
    for (int64_t c = 0; c < n; c++) {
        const float unit = (x[c] - s.mean) * s.inverse_deviation;
        const float dunit = dy_then_y[c] * norm.weight[c];
        sum += dunit;
        product += dunit * unit;
    }
    const float mean = norm.centered ? sum / (float)n : 0;
    const float correlation = product / (float)n;
    if (norm.bias) {
        for (int64_t c = 0; c < n; c++) dbias[c] += dy_then_y[c];
    }
    for (int64_t c = 0; c < n; c++) {
        const float unit = (x[c] - s.mean) * s.inverse_deviation;
        const float dy = dy_then_y[c];
        dweight[c] += dy * unit;
        dx[c] += (dy * norm.weight[c] - mean - unit * correlation) * s.inverse_deviation;
        dy_then_y[c] = unit * norm.weight[c];
    }
    if (norm.bias) {
        for (int64_t c = 0; c < n; c++) dy_then_y[c] += norm.bias[c];
    }
}

SPIND_KERNEL
void spind_norm_backward(
    spind_norm norm, int64_t rows, const float *x, float *dy_then_y, float *dx, float *dweight,
    float *dbias
) {
    const int64_t n = norm.channels;
    for (int64_t r = 0; r < rows; r++, x += n, dy_then_y += n, dx += n) {
        norm_row_backward(norm, x, dy_then_y, dx, dweight, dbias);
    }
}
