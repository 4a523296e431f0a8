#include "optimizer.h"

#include "kernel_attributes.h"
#include <math.h>

SPIND_KERNEL void spind_adamw_update(
    const struct spind_adamw *settings, float *restrict parameters,
    const float *restrict gradients, float *restrict first_moments,
    float *restrict second_moments, ptrdiff_t count) {
    const struct spind_adamw s = *settings;
    for (ptrdiff_t i = 0; i < count; i++) {
        const float gradient = gradients[i] * s.gradient_scale;
        const float first = s.beta1 * first_moments[i] + s.one_minus_beta1 * gradient;
        const float second =
            s.beta2 * second_moments[i] + s.one_minus_beta2 * (gradient * gradient);
        first_moments[i] = first;
        second_moments[i] = second;
        const float denominator = sqrtf(second) * s.inverse_root_correction2 + s.epsilon;
        parameters[i] = parameters[i] * s.decay - s.step_size * (first / denominator);
    }
}

SPIND_KERNEL void spind_rmsprop_update(
    const struct spind_rmsprop *settings, float *restrict parameters,
    const float *restrict gradients, float *restrict second_moments, ptrdiff_t count) {
    const struct spind_rmsprop s = *settings;
    for (ptrdiff_t i = 0; i < count; i++) {
        const float gradient =
            gradients[i] * s.gradient_scale + s.weight_decay * parameters[i];
        const float second =
            s.alpha * second_moments[i] + s.one_minus_alpha * (gradient * gradient);
        second_moments[i] = second;
        parameters[i] -= s.learning_rate * (gradient / (sqrtf(second) + s.epsilon));
    }
}
