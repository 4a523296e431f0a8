#pragma once

#include "vector_tile.h"

// A product with packed panels, for vectors of VECTOR_BITS.

/// Panels side by side while rows are few: memory answers several streams sooner than one. It is what
/// is waited for, even where 48 sums do not fit into 16 registers.
#if VECTOR_BITS == 512
enum { STREAMS = 2, MOST_STREAMED_ROWS = 4 };
#else
enum { STREAMS = 4, MOST_STREAMED_ROWS = 2 };
#endif

enum {
    /// How far ahead of use a stream is fetched, in floats.
    STREAM_DISTANCE = 512,
    /// Most steps of k at a time: the rows of activations and a panel's part of so many share the
    /// second-level cache.
    MOST_STEPS = 1024,
};

/// All rows of some panels side by side.
VECTOR_INLINE void compute_streams(
    const struct spind_panel_product *product, ptrdiff_t first, const int rows) {
    const ptrdiff_t k = product->k, stride = product->activation_stride;
    const float *weights = product->panels + first * k * PANEL;
    lanes sums[MOST_STREAMED_ROWS][STREAMS][PANEL_VECTORS] = {0};
    for (ptrdiff_t i = 0; i < k; i++, weights += PANEL) {
        lanes columns[STREAMS][PANEL_VECTORS];
#pragma unroll
        for (int stream = 0; stream < STREAMS; stream++) {
#pragma unroll
            for (int vector = 0; vector < PANEL_VECTORS; vector++) {
                const float *place = weights + stream * PANEL * k + vector * LANES;
                columns[stream][vector] = *(const lanes *)place;
                __builtin_prefetch(place + STREAM_DISTANCE);
            }
        }
#pragma unroll
        for (int row = 0; row < rows; row++) {
            const float activation = product->activations[row * stride + i];
#pragma unroll
            for (int stream = 0; stream < STREAMS; stream++) {
#pragma unroll
                for (int vector = 0; vector < PANEL_VECTORS; vector++) {
                    sums[row][stream][vector] += columns[stream][vector] * activation;
                }
            }
        }
    }
#pragma unroll
    for (int row = 0; row < rows; row++) {
#pragma unroll
        for (int stream = 0; stream < STREAMS; stream++) {
#pragma unroll
            for (int vector = 0; vector < PANEL_VECTORS; vector++) {
                const ptrdiff_t column = (first + stream) * PANEL + vector * LANES;
                store(
                    sums[row][stream][vector],
                    product->results + row * product->result_stride + column,
                    product->n - column, false);
            }
        }
    }
}

/// The switch gives the compiler the number of rows, which registers depend on.
VECTOR_INLINE void compute_few_rows(const struct spind_panel_product *product, ptrdiff_t first) {
    switch (product->m) {
    case 1: compute_streams(product, first, 1); break;
    case 2: compute_streams(product, first, 2); break;
#if VECTOR_BITS == 512
    case 3: compute_streams(product, first, 3); break;
    case 4: compute_streams(product, first, 4); break;
#endif
    }
}

/// Some steps of k, for all rows of one panel; the next panel's come from memory meanwhile.
VECTOR_INLINE void compute_panel(
    const struct spind_panel_product *product, ptrdiff_t panel, ptrdiff_t first, ptrdiff_t k) {
    const struct tiling all = tiling(0, product->m);
    const float *weights = product->panels + (panel * product->k + first) * PANEL;
    const ptrdiff_t columns = least(PANEL, product->n - panel * PANEL);
    struct ahead ahead = {
        .row = weights + product->k * PANEL,
        .rows = 1,
        .lines = k * PANEL / LINE,
        // Often, since memory takes few requests at a time.
        .count = divide_up(
            k * PANEL / LINE,
            all.tiles * divide_up(columns, TILE_COLUMNS) * divide_up(k, UNROLL)),
        .steps = UNROLL,
    };
    for (ptrdiff_t column = 0; column < columns; column += TILE_COLUMNS) {
        for (ptrdiff_t tile = 0; tile < all.tiles; tile++) {
            const ptrdiff_t row = tile_start(all, tile);
            const struct tile sums = {
                .a = {
                    product->activations + row * product->activation_stride + first,
                    sizeof(float) * product->activation_stride, false},
                .panel = weights + column,
                .k = k,
                .results =
                    product->results + row * product->result_stride + panel * PANEL + column,
                .leading = product->result_stride,
                .columns = columns - column,
                .mode = first > 0 ? CONTINUE : OVERWRITE,
            };
            compute_columns(&sums, &ahead, tile_start(all, tile + 1) - row);
        }
    }
}

VECTOR_INLINE void compute_panels(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    if (product->m == 0) {
        return;
    }
    if (product->m <= MOST_STREAMED_ROWS) {
        for (; first + STREAMS <= last; first += STREAMS) {
            compute_few_rows(product, first);
        }
    }
    const ptrdiff_t chunks = divide_up(product->k, MOST_STEPS);
    for (ptrdiff_t chunk = 0; chunk < chunks; chunk++) {
        const ptrdiff_t step = part_start(product->k, chunk, chunks);
        const ptrdiff_t k = part_start(product->k, chunk + 1, chunks) - step;
        for (ptrdiff_t panel = first; panel < last; panel++) {
            compute_panel(product, panel, step, k);
        }
    }
}
