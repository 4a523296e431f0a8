#pragma once

#include <stddef.h>

/// One AdamW update, everything that does not depend on the element worked out beforehand.
struct spind_adamw {
    /// Multiplies the gradient first: the clipping factor, the inverse of a loss scale.
    float gradient_scale;
    /// 1 - learning rate · weight decay.
    float decay;
    float beta1, one_minus_beta1;
    float beta2, one_minus_beta2;
    /// learning rate / (1 - beta1^step).
    float step_size;
    /// 1 / sqrt(1 - beta2^step).
    float inverse_root_correction2;
    float epsilon;
};

/// One fused pass of AdamW over `count` parameters. C because Swift does not vectorise a loop over
/// four pointers.
void spind_adamw_update(
    const struct spind_adamw *settings, float *parameters, const float *gradients,
    float *first_moments, float *second_moments, ptrdiff_t count);

/// One RMSProp update: no momentum, not centred.
struct spind_rmsprop {
    /// Multiplies the gradient first.
    float gradient_scale;
    float learning_rate;
    float alpha, one_minus_alpha;
    float epsilon;
    /// Added to the scaled gradient, times the parameter.
    float weight_decay;
};

/// One fused pass of RMSProp over `count` parameters. C because Swift does not vectorise a loop
/// over three pointers.
void spind_rmsprop_update(
    const struct spind_rmsprop *settings, float *parameters, const float *gradients,
    float *second_moments, ptrdiff_t count);
