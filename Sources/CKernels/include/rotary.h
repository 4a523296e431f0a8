#pragma once

#include <stdint.h>

/// Rotates channel pairs (i, i + half) of each of `heads` adjacent heads, in place, by the angles
/// whose cosines and sines [half] are given. Backward is the same with `direction` −1: a rotation's
/// transpose turns the other way.
void spind_rotate(
    int64_t heads, int64_t head_size, int64_t half, const float *cosines, const float *sines,
    float direction,
    float *x);
