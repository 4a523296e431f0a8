#pragma once

#include <stdint.h>

typedef enum {
    spind_silu,
    /// The exact, erf form.
    spind_gelu,
    spind_gelu_tanh,
    spind_relu,
} spind_activation;

/// out[i] = f(x[i])
void spind_activation_forward(spind_activation f, int64_t count, const float *x, float *out);

/// On entry `dout_then_out` holds dout, on return f(x), recomputed for the weight gradient; x
/// becomes dx.
void spind_activation_backward(
    spind_activation f, int64_t count, float *x_then_dx, float *dout_then_out);

/// out[i] = f(gate[i]) · up[i]
void spind_gated_forward(
    spind_activation f, int64_t count, const float *gate, const float *up, float *out);

/// As `spind_activation_backward`, for the gated form.
void spind_gated_backward(
    spind_activation f, int64_t count, float *gate_then_dgate, float *up_then_dup,
    float *dout_then_out);
