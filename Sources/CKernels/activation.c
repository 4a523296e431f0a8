#include "activation.h"

#include "fast_math.h"
#include "kernel_attributes.h"
#include <math.h>

// C because Swift does not vectorise loops with exp in them.

typedef struct {
    float value, slope;
} jet;

/// f(x) and f′(x). `f` is a constant wherever this is inlined, so the choice costs nothing in the
/// loop.
SPIND_INLINE jet evaluate(spind_activation f, float x) {
    switch (f) {
    case spind_silu: {
        const float s = spind_sigmoid(x);
        return (jet){x * s, s * (1 + x * (1 - s))};
    }
    case spind_gelu: {
        const float half_root = 0.70710678f, inverse_root_two_pi = 0.39894228f;
        const float below = 0.5f * (1 + erff(x * half_root));
        return (jet){x * below, below + x * inverse_root_two_pi * spind_exp(-0.5f * x * x)};
    }
    case spind_gelu_tanh: {
        const float root_two_by_pi = 0.79788456f, cubic = 0.044715f;
        const float t = spind_tanh(root_two_by_pi * (x + cubic * x * x * x));
        const float inner_slope = root_two_by_pi * (1 + 3 * cubic * x * x);
        return (jet){0.5f * x * (1 + t), 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * inner_slope};
    }
    case spind_relu: return x > 0 ? (jet){x, 1} : (jet){0, 0};
    }
    return (jet){0, 0};
}

/// Runs `loop` with a constant for `f`.
#define FOR_EACH_ACTIVATION(f, loop)                                                               \
    switch (f) {                                                                                   \
    case spind_silu: loop(spind_silu); break;                                                      \
    case spind_gelu: loop(spind_gelu); break;                                                      \
    case spind_gelu_tanh: loop(spind_gelu_tanh); break;                                            \
    case spind_relu: loop(spind_relu); break;                                                      \
    }

SPIND_INLINE void plain_forward(
    spind_activation f, int64_t count, const float *restrict x, float *restrict out) {
    for (int64_t i = 0; i < count; i++) out[i] = evaluate(f, x[i]).value;
}

SPIND_INLINE void plain_backward(
    spind_activation f, int64_t count, float *restrict x, float *restrict dout) {
    for (int64_t i = 0; i < count; i++) {
        const jet j = evaluate(f, x[i]);
        x[i] = dout[i] * j.slope;
        dout[i] = j.value;
    }
}

SPIND_INLINE void gated_forward(
    spind_activation f, int64_t count, const float *restrict gate, const float *restrict up,
    float *restrict out
) {
    for (int64_t i = 0; i < count; i++) out[i] = evaluate(f, gate[i]).value * up[i];
}

SPIND_INLINE void gated_backward(
    spind_activation f, int64_t count, float *restrict gate, float *restrict up,
    float *restrict dout
) {
    for (int64_t i = 0; i < count; i++) {
        const jet j = evaluate(f, gate[i]);
        const float u = up[i], d = dout[i];
        gate[i] = d * u * j.slope;
        up[i] = d * j.value;
        dout[i] = j.value * u;
    }
}

SPIND_KERNEL
void spind_activation_forward(spind_activation f, int64_t count, const float *x, float *out) {
#define LOOP(f) plain_forward(f, count, x, out)
    FOR_EACH_ACTIVATION(f, LOOP)
#undef LOOP
}

SPIND_KERNEL
void spind_activation_backward(
    spind_activation f, int64_t count, float *x_then_dx, float *dout_then_out) {
#define LOOP(f) plain_backward(f, count, x_then_dx, dout_then_out)
    FOR_EACH_ACTIVATION(f, LOOP)
#undef LOOP
}

SPIND_KERNEL
void spind_gated_forward(
    spind_activation f, int64_t count, const float *gate, const float *up, float *out) {
#define LOOP(f) gated_forward(f, count, gate, up, out)
    FOR_EACH_ACTIVATION(f, LOOP)
#undef LOOP
}

SPIND_KERNEL
void spind_gated_backward(
    spind_activation f, int64_t count, float *gate_then_dgate, float *up_then_dup,
    float *dout_then_out
) {
#define LOOP(f) gated_backward(f, count, gate_then_dgate, up_then_dup, dout_then_out)
    FOR_EACH_ACTIVATION(f, LOOP)
#undef LOOP
}
