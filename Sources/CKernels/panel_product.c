#include "panel_product.h"

#include "kernel_attributes.h"

// Vectors are passed to inlined functions only, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

// Every tile shape has to add in the same order, so the compiler must not choose one.
#pragma clang fp reassociate(off)

enum {
    LANES = 16,
    WIDTH = SPIND_PANEL_WIDTH,
    /// Panels side by side while rows are few: memory answers several streams sooner than one.
    STREAMS = 3,
    MOST_STREAMED_ROWS = 4,
    /// How far ahead of use a stream is fetched, in floats.
    STREAM_DISTANCE = 512,
};
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));

/// How many sums stay in registers: activation rows × vectors of each of some panels.
struct tile_shape {
    int rows, vectors, panels;
};

/// What a tile reads and writes, and what it fetches for the next panel meanwhile.
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

SPIND_INLINE void prefetch(const struct tile *tile, ptrdiff_t i, const struct tile_shape shape) {
    if (shape.panels == 1) {
        const float *next = tile->prefetched + i * tile->prefetch_step;
        __builtin_prefetch(next, 0, 2);
        // Alone on its panel, a tile has to fetch two lines for every two that it uses.
        if (tile->prefetch_step > LANES) {
            __builtin_prefetch(next + LANES, 0, 2);
        }
    }
}

SPIND_INLINE void compute_tile(
    const struct spind_panel_product *product, const struct tile *tile,
    const struct tile_shape shape) {
    lanes sums[14][STREAMS * WIDTH / LANES] = {0};
    const ptrdiff_t k = product->k, stride = product->activation_stride;
    const float *weights = tile->weights;
    for (ptrdiff_t i = 0; i < k; i++, weights += WIDTH) {
        lanes weight[STREAMS * WIDTH / LANES];
#pragma unroll
        for (int panel = 0; panel < shape.panels; panel++) {
            const float *place = weights + panel * WIDTH * k;
#pragma unroll
            for (int vector = 0; vector < shape.vectors; vector++) {
                weight[panel * shape.vectors + vector] = *(const lanes *)(place + vector * LANES);
                if (shape.panels > 1) {
                    __builtin_prefetch(place + vector * LANES + STREAM_DISTANCE);
                }
            }
        }
        prefetch(tile, i, shape);
#pragma unroll
        for (int row = 0; row < shape.rows; row++) {
            const float activation = tile->activations[row * stride + i];
#pragma unroll
            for (int vector = 0; vector < shape.panels * shape.vectors; vector++) {
                sums[row][vector] += weight[vector] * activation;
            }
        }
    }
#pragma unroll
    for (int row = 0; row < shape.rows; row++) {
#pragma unroll
        for (int vector = 0; vector < shape.panels * shape.vectors; vector++) {
            store(
                sums[row][vector], tile->results + row * product->result_stride + vector * LANES,
                tile->columns - vector * LANES);
        }
    }
}

/// Up to `most_rows` rows; the switch gives the compiler the number, which registers depend on.
SPIND_INLINE void compute_rows(
    const struct spind_panel_product *product, const struct tile *tile, ptrdiff_t rows,
    const int most_rows, const int vectors, const int panels) {
    switch (rows < most_rows ? rows : most_rows) {
#define ROWS(count) \
    case count: \
        if (count <= most_rows) { \
            compute_tile(product, tile, (struct tile_shape){count, vectors, panels}); \
        } \
        break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7)
        ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#undef ROWS
    }
}

/// All rows of one panel, in even tiles: 16 rows are 8 + 8 rather than 14 + 2.
SPIND_INLINE void compute_panel(
    const struct spind_panel_product *product, ptrdiff_t panel, const int most_rows,
    const int vectors) {
    const ptrdiff_t size = product->k * WIDTH;
    const ptrdiff_t tiles = (product->m + most_rows - 1) / most_rows;
    const ptrdiff_t passes = tiles * (WIDTH / LANES / vectors);
    const float *panel_start = product->panels + panel * size;
    ptrdiff_t row = 0, pass = 0;
    for (ptrdiff_t index = 0; index < tiles; index++) {
        const ptrdiff_t rows = (product->m - row + tiles - index - 1) / (tiles - index);
        for (ptrdiff_t column = 0; column < WIDTH; column += vectors * LANES, pass++) {
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
            compute_rows(product, &tile, rows, most_rows, vectors, 1);
        }
        row += rows;
    }
}

SPIND_KERNEL void spind_panel_product_compute_narrow(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    for (ptrdiff_t panel = first; panel < last; panel++) {
        compute_panel(product, panel, 6, 1);
    }
}

#if defined(__x86_64__)
// Without the second attribute the compiler halves vectors of 512 bits.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void compute_wide(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    ptrdiff_t panel = first;
    if (product->m <= MOST_STREAMED_ROWS) {
        for (; panel + STREAMS <= last; panel += STREAMS) {
            const struct tile tile = {
                .activations = product->activations,
                .weights = product->panels + panel * product->k * WIDTH,
                .results = product->results + panel * WIDTH,
                .columns = product->n - panel * WIDTH,
            };
            compute_rows(product, &tile, product->m, MOST_STREAMED_ROWS, 2, STREAMS);
        }
    }
    for (; panel < last; panel++) {
        compute_panel(product, panel, 14, 2);
    }
}

void spind_panel_product_compute(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    if (__builtin_cpu_supports("x86-64-v4")) {
        compute_wide(product, first, last);
    } else {
        spind_panel_product_compute_narrow(product, first, last);
    }
}
#else
void spind_panel_product_compute(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    spind_panel_product_compute_narrow(product, first, last);
}
#endif

SPIND_KERNEL void spind_panels_pack(
    const float *weights, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t k, ptrdiff_t first,
    ptrdiff_t last, float *panels) {
    for (ptrdiff_t panel = first; panel < last; panel++) {
        float *target = panels + panel * k * WIDTH;
        for (ptrdiff_t column = 0; column < WIDTH; column++) {
            const ptrdiff_t row = panel * WIDTH + column;
            for (ptrdiff_t i = 0; i < k; i++) {
                target[i * WIDTH + column] = row < n ? weights[row * stride + i] : 0;
            }
        }
    }
}
