#pragma once

#include <stdbool.h>
#include <stddef.h>

/// One product C[m, n] (+)= op(A)[m, k] · op(B)[k, n] of row-major float32 matrices.
struct spind_matrix_product {
    const float *a;
    const float *b;
    float *c;
    ptrdiff_t m, n, k;
    /// Floats from one stored row to the next.
    ptrdiff_t leading_a, leading_b, leading_c;
    /// A is stored [k, m], B is stored [n, k].
    bool transpose_a, transpose_b;
    /// Add to what C holds instead of overwriting it.
    bool accumulate;
};
