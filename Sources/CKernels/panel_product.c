#include "panel_product.h"

#include "kernel_attributes.h"
#include "panel_product_wide.h"

// Vectors are passed to inlined functions only, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

// Every tile shape has to add in the same order, so the compiler must not choose one.
#pragma clang fp reassociate(off)

enum { LANES = 16, WIDTH = SPIND_PANEL_WIDTH, MOST_ROWS = 6 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));

/// What a tile of rows × LANES reads and writes, and what it fetches for the next panel meanwhile.
struct tile {
    const float *activations;
    const float *weights;
    float *results;
    /// Columns that exist from `results` on.
    ptrdiff_t columns;
    const float *prefetched;
    ptrdiff_t prefetch_step;
};

SPIND_INLINE void store(lanes sums, float *results, ptrdiff_t columns) {
    if (columns >= LANES) {
        *(lanes *)results = sums;
        return;
    }
    for (ptrdiff_t i = 0; i < columns; i++) {
        results[i] = sums[i];
    }
}

SPIND_INLINE void compute_tile(
    const struct spind_panel_product *product, const struct tile *tile, const int rows) {
    lanes sums[MOST_ROWS] = {0};
    const ptrdiff_t stride = product->activation_stride;
    for (ptrdiff_t i = 0; i < product->k; i++) {
        const lanes weight = *(const lanes *)(tile->weights + i * WIDTH);
        __builtin_prefetch(tile->prefetched + i * tile->prefetch_step, 0, 2);
#pragma unroll
        for (int row = 0; row < rows; row++) {
            sums[row] += weight * tile->activations[row * stride + i];
        }
    }
#pragma unroll
    for (int row = 0; row < rows; row++) {
        store(sums[row], tile->results + row * product->result_stride, tile->columns);
    }
}

/// The switch gives the compiler the number of rows, which registers depend on.
SPIND_INLINE void compute_rows(
    const struct spind_panel_product *product, const struct tile *tile, ptrdiff_t rows) {
    switch (rows) {
    case 1: compute_tile(product, tile, 1); break;
    case 2: compute_tile(product, tile, 2); break;
    case 3: compute_tile(product, tile, 3); break;
    case 4: compute_tile(product, tile, 4); break;
    case 5: compute_tile(product, tile, 5); break;
    case MOST_ROWS: compute_tile(product, tile, MOST_ROWS); break;
    }
}

/// All rows of one panel, in even tiles: 8 rows are 4 + 4 rather than 6 + 2.
SPIND_INLINE void compute_panel(const struct spind_panel_product *product, ptrdiff_t panel) {
    const ptrdiff_t size = product->k * WIDTH;
    const ptrdiff_t tiles = (product->m + MOST_ROWS - 1) / MOST_ROWS;
    const ptrdiff_t passes = tiles * (WIDTH / LANES);
    const float *panel_start = product->panels + panel * size;
    ptrdiff_t row = 0, pass = 0;
    for (ptrdiff_t index = 0; index < tiles; index++) {
        const ptrdiff_t rows = (product->m - row + tiles - index - 1) / (tiles - index);
        for (ptrdiff_t column = 0; column < WIDTH; column += LANES, pass++) {
            // The next panel comes from memory while this one is being used, a share in each pass.
            const struct tile tile = {
                .activations = product->activations + row * product->activation_stride,
                .weights = panel_start + column,
                .results =
                    product->results + row * product->result_stride + panel * WIDTH + column,
                .columns = product->n - panel * WIDTH - column,
                .prefetched = panel_start + size + size / passes * pass,
                .prefetch_step = WIDTH / passes,
            };
            compute_rows(product, &tile, rows);
        }
        row += rows;
    }
}

SPIND_KERNEL void spind_panel_product_compute_narrow(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    for (ptrdiff_t panel = first; panel < last; panel++) {
        compute_panel(product, panel);
    }
}

void spind_panel_product_compute(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    if (spind_panel_product_is_wide()) {
        spind_panel_product_compute_wide(product, first, last);
    } else {
        spind_panel_product_compute_narrow(product, first, last);
    }
}

ptrdiff_t spind_panel_product_steps(ptrdiff_t k) {
    return spind_panel_product_is_wide() && k > SPIND_PANEL_STEPS ? SPIND_PANEL_STEPS : k;
}

SPIND_KERNEL void spind_panels_pack(
    const float *weights, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t k, ptrdiff_t first,
    ptrdiff_t last, float *panels) {
    for (ptrdiff_t panel = first; panel < last; panel++) {
        // A few steps of k at a time, whose places in the panel stay in the first-level cache.
        for (ptrdiff_t step = 0; step < k; step += LANES) {
            const ptrdiff_t steps = k - step < LANES ? k - step : LANES;
            float *target = panels + (panel * k + step) * WIDTH;
            for (ptrdiff_t column = 0; column < WIDTH; column++) {
                const ptrdiff_t row = panel * WIDTH + column;
                for (ptrdiff_t i = 0; i < steps; i++) {
                    target[i * WIDTH + column] = row < n ? weights[row * stride + step + i] : 0;
                }
            }
        }
    }
}
