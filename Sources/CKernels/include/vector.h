#pragma once

#include <stdbool.h>
#include <stddef.h>

/// values[i] *= factor. C because it is cloned per instruction set.
void spind_vector_scale(float *values, ptrdiff_t count, float factor);

/// target[i] += factor·source[i]; the two do not overlap. C because Swift cannot promise that, and
/// then does not vectorise.
void spind_vector_add_scaled(
    float *target, const float *source, ptrdiff_t count, float factor);

/// Σ values[i]², accumulated in double. C because Swift does not vectorise reductions.
double spind_vector_sum_squares(const float *values, ptrdiff_t count);

/// Σ values[i], accumulated in double. C because Swift does not vectorise reductions.
double spind_vector_sum(const float *values, ptrdiff_t count);

/// Whether no value is NaN or infinite. C because Swift does not vectorise reductions.
bool spind_vector_is_finite(const float *values, ptrdiff_t count);
