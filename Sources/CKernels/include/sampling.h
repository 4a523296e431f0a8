#pragma once

#include <stddef.h>

/// The index of the largest logit, the lowest one on ties; 0 when every logit is NaN. `count` is at
/// least 1. C because Swift does not vectorise reductions.
ptrdiff_t spind_logits_argmax(const float *logits, ptrdiff_t count);

/// The largest logit and log(Σ exp(logit)), the latter good to about 1e-7 relative to the sum.
/// C because of the exp in the loop.
void spind_logits_statistics(
    const float *logits, ptrdiff_t count, float *largest, double *log_sum_exp);

/// weights[i] = exp((logits[i] - largest)·scale), scale being 1/temperature; returns Σ weights.
/// `weights` may be `logits`. C because of the exp in the loop.
double spind_logits_exponentiate(
    const float *logits, ptrdiff_t count, float largest, float scale, float *weights);

/// probabilities = softmax(logits·scale); may be done in place. C because of the exp in the loop.
void spind_logits_softmax(
    const float *logits, ptrdiff_t count, float scale, float *probabilities);

/// Sets all weights but the `kept` largest to 0; of equal ones the lowest indices stay. Weights are
/// not negative. C because it is a radix selection on the bits of the floats: no sort, a few
/// passes.
void spind_weights_keep_largest(float *weights, ptrdiff_t count, ptrdiff_t kept);

/// Sets all weights to 0 but the smallest set of largest ones whose sum is at least `share` of the
/// sum of all (nucleus, "top-p"); at least one stays, of equal ones the lowest indices. Weights are
/// not negative. C because it is a radix selection on the bits of the floats: no sort, a few
/// passes.
void spind_weights_keep_nucleus(float *weights, ptrdiff_t count, double share);

/// The smallest index whose running sum of weights exceeds uniform·(their sum), for uniform in [0,
/// 1): a draw with probabilities proportional to the weights. Sums are in double and in a fixed
/// order; an index of weight 0 is never drawn; -1 when no weight is positive. C because Swift does
/// not vectorise the block sums.
ptrdiff_t spind_weights_draw(const float *weights, ptrdiff_t count, double uniform);
