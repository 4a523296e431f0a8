#pragma once

#include <stddef.h>

/// Columns of a panel: weight rows that lie interleaved, so that a product reads memory in order.
enum { SPIND_PANEL_WIDTH = 48 };

/// One product Y[m, n] = X[m, k] · W[n, k]ᵀ with W in panels [⌈n / 48⌉, k, 48], zeros behind n.
struct spind_panel_product {
    const float *activations;
    const float *panels;
    float *results;
    ptrdiff_t m, n, k;
    /// Floats from one row to the next.
    ptrdiff_t activation_stride, result_stride;
};

/// Writes the panels first ..< last of W [n, k], whose rows lie `stride` floats apart. C because
/// the product's layout should have one place.
void spind_panels_pack(
    const float *weights, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t k, ptrdiff_t first,
    ptrdiff_t last, float *panels);

/// Computes `product` for the panels first ..< last.
///
/// Every result is one chain of additions over k in order, whatever m, n, first and last are: the
/// bits of a row do not depend on the rows that are multiplied along with it. C because a register
/// tile needs vector types that stay in registers, and because sgemm packs the weights at every
/// call.
void spind_panel_product_compute(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last);

/// Most rows of activations that stay in a cache while panels of k steps pass over them.
ptrdiff_t spind_panel_product_rows(ptrdiff_t k);

/// The same sums with tiles for processors with 16 registers of 256 bits, or anything else.
///
/// C for the same reason; public so that tests reach it on processors with 32.
void spind_panel_product_compute_narrow(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last);
