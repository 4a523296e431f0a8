#pragma once

#include "vector_product.h"

#define VECTOR_BITS 512
#include "vector_tile.h"

// How `vector_product.c` lays out what its tiles read.

enum {
    /// Steps of k between two prefetches.
    PREFETCH_STEPS = 16,
    /// Steps of k at a time, so that a panel of columns stays in the second-level cache with the rows
    /// that pass over it; a few more are better than visiting C twice.
    CHUNK = 512,
    WHOLE = 640,
    /// Rows that pass over a panel before the next one is packed.
    BLOCK_ROWS = 512,
    /// Tiles whose rows are packed at a time where A is stored [k, m], and floats of the panels they
    /// pass over: half of a second-level cache of 1 MiB.
    PACKED_TILES = 16,
    GROUP_FLOATS = 6 * PANEL * CHUNK,
    /// Rows that are fetched before they are packed.
    PACK_AHEAD = 8,
};
typedef float tile_row __attribute__((vector_size(4 * TILE_ROWS), aligned(4)));
typedef struct spind_matrix_product product;

/// One stage of transposing 16 × 16 numbers: squares of side `SIDE` off the diagonal change places.
#define EXCHANGE(SIDE, LOW, HIGH) \
    for (int row = 0; row < LANES; row++) { \
        if ((row & SIDE) == 0) { \
            const lanes upper = rows[row], lower = rows[row + SIDE]; \
            rows[row] = __builtin_shufflevector(upper, lower, LOW); \
            rows[row + SIDE] = __builtin_shufflevector(upper, lower, HIGH); \
        } \
    }

VECTOR_INLINE void transpose(lanes rows[LANES]) {
#define LOW_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define LOW_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define LOW_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define LOW_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#pragma unroll
    EXCHANGE(1, LOW_1, HIGH_1)
#pragma unroll
    EXCHANGE(2, LOW_2, HIGH_2)
#pragma unroll
    EXCHANGE(4, LOW_4, HIGH_4)
#pragma unroll
    EXCHANGE(8, LOW_8, HIGH_8)
}

/// target[LANES, PANEL], a column of LANES numbers from each of 16 rows, into 16 of its columns.
VECTOR_INLINE void pack_square(const float *source, ptrdiff_t leading, float *target) {
    lanes rows[LANES];
#pragma unroll
    for (int row = 0; row < LANES; row++) {
        rows[row] = *(const lanes *)(source + row * leading);
    }
    transpose(rows);
#pragma unroll
    for (int row = 0; row < LANES; row++) {
        *(lanes *)(target + row * PANEL) = rows[row];
    }
}

/// panel[k, PANEL] = B's columns from `column` on, of B stored [n, k]; zero beyond n.
VECTOR_INLINE void pack_transposed(
    const product *product, ptrdiff_t column, ptrdiff_t first, ptrdiff_t k, float *panel) {
    const ptrdiff_t leading = product->leading_b;
    const float *source = product->b + column * leading + first;
    const ptrdiff_t count = least(PANEL, product->n - column);
    ptrdiff_t i = 0;
    if (count == PANEL) {
        for (; i + LANES <= k; i += LANES) {
#pragma unroll
            for (int vector = 0; vector < PANEL_VECTORS; vector++) {
                pack_square(
                    source + vector * LANES * leading + i, leading,
                    panel + i * PANEL + vector * LANES);
            }
        }
    }
    for (; i < k; i++) {
        for (ptrdiff_t row = 0; row < PANEL; row++) {
            panel[i * PANEL + row] = row < count ? source[row * leading + i] : 0;
        }
    }
}

/// The same of B stored [k, n], for some panels side by side, whose rows are then read in one go.
VECTOR_INLINE void pack_plain(
    const product *product, ptrdiff_t column, ptrdiff_t panels, ptrdiff_t first, ptrdiff_t k,
    float *target) {
    for (ptrdiff_t i = 0; i < k; i++) {
        const float *source = product->b + (first + i) * product->leading_b + column;
        for (ptrdiff_t panel = 0; panel < panels; panel++, source += PANEL) {
            float *place = target + (panel * k + i) * PANEL;
            const ptrdiff_t count = product->n - column - panel * PANEL;
            if (count >= PANEL) {
                const float *ahead = source + PACK_AHEAD * product->leading_b;
#pragma unroll
                for (int vector = 0; vector < PANEL_VECTORS; vector++) {
                    __builtin_prefetch(ahead + vector * LANES, 0, 2);
                    *(lanes *)(place + vector * LANES) =
                        *(const lanes *)(source + vector * LANES);
                }
            } else {
                for (ptrdiff_t j = 0; j < PANEL; j++) {
                    place[j] = j < count ? source[j] : 0;
                }
            }
        }
    }
}

/// target[panels, k, PANEL] = B's columns from `column` on; zero beyond n.
VECTOR_INLINE void pack_panels(
    const product *product, ptrdiff_t column, ptrdiff_t panels, ptrdiff_t first, ptrdiff_t k,
    float *target) {
    if (!product->transpose_b) {
        pack_plain(product, column, panels, first, k, target);
        return;
    }
    for (ptrdiff_t panel = 0; panel < panels; panel++) {
        pack_transposed(product, column + panel * PANEL, first, k, target + panel * k * PANEL);
    }
}

/// What `pack_panels` will read of a panel, over the tiles of the one before it; nothing behind the
/// last one.
VECTOR_INLINE struct ahead before_panel(
    const product *product, ptrdiff_t column, ptrdiff_t first, ptrdiff_t k, ptrdiff_t tiles) {
    if (column >= product->n) {
        return (struct ahead){.steps = PREFETCH_STEPS};
    }
    const ptrdiff_t columns = least(PANEL, product->n - column);
    const ptrdiff_t rows = product->transpose_b ? columns : k;
    const ptrdiff_t lines = divide_up(product->transpose_b ? k : columns, LINE);
    return (struct ahead){
        .row = product->b
            + (product->transpose_b ? column * product->leading_b + first
                                    : first * product->leading_b + column),
        .leading = product->leading_b,
        .rows = rows,
        .lines = lines,
        .count = divide_up(rows * lines, tiles * (k / PREFETCH_STEPS + 1)),
        .steps = PREFETCH_STEPS,
    };
}

/// The results of a tile, over the one before it; nothing behind the last one. They come from memory,
/// and all at once they would keep the tile's own panel waiting.
VECTOR_INLINE struct ahead before_tile(
    const product *product, struct tiling all, ptrdiff_t tile, ptrdiff_t panel, ptrdiff_t k) {
    if (tile >= all.tiles) {
        return (struct ahead){.steps = PREFETCH_STEPS};
    }
    const ptrdiff_t row = tile_start(all, tile), column = panel * PANEL;
    const ptrdiff_t rows = tile_start(all, tile + 1) - row;
    const ptrdiff_t lines = divide_up(least(PANEL, product->n - column), LINE);
    return (struct ahead){
        .row = product->c + row * product->leading_c + column,
        .leading = product->leading_c,
        .rows = rows,
        .lines = lines,
        .count = divide_up(rows * lines, k / PREFETCH_STEPS + 1),
        .steps = PREFETCH_STEPS,
    };
}

/// target[k, TILE_ROWS] for each of some tiles, of A stored [k, m].
VECTOR_INLINE void pack_rows(
    const product *product, struct tiling all, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t first,
    ptrdiff_t k, float *target) {
    ptrdiff_t starts[PACKED_TILES];
    for (ptrdiff_t tile = begin; tile < end; tile++) {
        starts[tile - begin] = tile_start(all, tile);
    }
    for (ptrdiff_t i = 0; i < k; i++) {
        const float *source = product->a + (first + i) * product->leading_a;
        const float *ahead = source + PACK_AHEAD * product->leading_a;
        for (ptrdiff_t tile = 0; tile < end - begin; tile++) {
            const ptrdiff_t row = starts[tile];
            float *place = target + (tile * k + i) * TILE_ROWS;
            __builtin_prefetch(ahead + row, 0, 2);
            if (row + TILE_ROWS <= product->m) {
                *(tile_row *)place = *(const tile_row *)(source + row);
            } else {
                for (ptrdiff_t j = 0; row + j < product->m; j++) {
                    place[j] = source[row + j];
                }
            }
        }
    }
}
