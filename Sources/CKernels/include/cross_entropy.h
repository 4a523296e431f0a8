#pragma once

#include <stdint.h>

/// Log-sum-exp over a row that is seen block by block: the sum so far is exp(maximum) · sum.
/// Start with maximum = −infinity and sum = 0; `scale` multiplies the logits.
void spind_log_sum_exp_update(
    int64_t count, float scale, const float *logits, float *maximum, float *sum);

/// dlogits[i] = coefficient · softmax[i], softmax[i] = exp(scale · logits[i] − log_sum_exp);
/// dlogits may be logits. The one-hot part of the gradient is the caller's.
void spind_softmax_gradient(
    int64_t count, float scale, float log_sum_exp, float coefficient, const float *logits,
    float *dlogits);
