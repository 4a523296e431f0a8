#include "panel_product_wide.h"

#define VECTOR_BITS 256
#include "panel_tiles.h"

enum {
    /// Floats of activations that stay in the second-level cache while panels pass: 384 KiB of 1 or
    /// 2 MiB, as processors with wide vectors have, and 192 of 512 KiB.
    CACHED_WIDE = 96 << 10,
    CACHED_NARROW = 48 << 10,
};

VECTOR_KERNEL void spind_panel_product_compute_narrow(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    compute_panels(product, first, last);
}

void spind_panel_product_compute(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    if (spind_panel_product_is_wide()) {
        spind_panel_product_compute_wide(product, first, last);
    } else {
        spind_panel_product_compute_narrow(product, first, last);
    }
}

ptrdiff_t spind_panel_product_rows(ptrdiff_t k) {
    return (spind_panel_product_is_wide() ? CACHED_WIDE : CACHED_NARROW)
        / (k < MOST_STEPS ? k : MOST_STEPS);
}

SPIND_KERNEL void spind_panels_pack(
    const float *weights, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t k, ptrdiff_t first,
    ptrdiff_t last, float *panels) {
    for (ptrdiff_t panel = first; panel < last; panel++) {
        // A few steps of k at a time, whose places in the panel stay in the first-level cache.
        for (ptrdiff_t step = 0; step < k; step += LINE) {
            const ptrdiff_t steps = least(LINE, k - step);
            float *target = panels + (panel * k + step) * PANEL;
            for (ptrdiff_t column = 0; column < PANEL; column++) {
                const ptrdiff_t row = panel * PANEL + column;
                for (ptrdiff_t i = 0; i < steps; i++) {
                    target[i * PANEL + column] = row < n ? weights[row * stride + step + i] : 0;
                }
            }
        }
    }
}
