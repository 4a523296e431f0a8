#pragma once

#include <stdbool.h>
#include <stddef.h>

/// One product Y[m, n] (+)= X[m, k] · W[n, k]ᵀ for few rows of X; everything row-major, k
/// contiguous.
struct spind_skinny_product {
    const float *activations;
    const float *weights;
    float *results;
    ptrdiff_t m, n, k;
    /// Floats from one row to the next.
    ptrdiff_t activation_stride, weight_stride, result_stride;
    /// Add to what `results` holds instead of overwriting it.
    bool accumulate;
};

/// Computes `product` for the weight rows first ..< last.
///
/// Every result is summed over k in one fixed order, whatever m, n, first and last are: the bits of
/// a row do not depend on the rows that are multiplied along with it. C because a register tile
/// needs vector types that stay in registers, and because sgemm loses here: it packs the weights
/// first, which costs more than the product.
void spind_skinny_product_compute(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last);

/// The same sums with tiles for processors of 16 vector registers.
///
/// C for the same reason; public so that tests reach it on processors with 32.
void spind_skinny_product_compute_narrow(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last);
