#include "cross_entropy.h"

#include "fast_math.h"
#include "kernel_attributes.h"

// C because Swift does not vectorise loops with exp in them, nor a maximum.

SPIND_KERNEL
void spind_log_sum_exp_update(
    int64_t count, float scale, const float *logits, float *maximum, float *sum) {
    float largest = *maximum;
    for (int64_t i = 0; i < count; i++) {
        const float scaled = scale * logits[i];
        largest = scaled > largest ? scaled : largest;
    }
    float added = 0;
    for (int64_t i = 0; i < count; i++) added += spind_exp(scale * logits[i] - largest);
    *sum = *sum * spind_exp(*maximum - largest) + added;
    *maximum = largest;
}

SPIND_KERNEL
void spind_softmax_gradient(
    int64_t count, float scale, float log_sum_exp, float coefficient, const float *logits,
    float *dlogits
) {
    for (int64_t i = 0; i < count; i++) {
        dlogits[i] = coefficient * spind_exp(scale * logits[i] - log_sum_exp);
    }
}
