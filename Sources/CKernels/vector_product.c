#include "vector_product.h"

#if defined(__x86_64__)

#include "vector_packing.h"

/// A's rows as a tile reads them: A(row, i) is first[row * row_stride + i * step].
struct tile_rows {
    const float *first;
    ptrdiff_t row_stride, step;
};

WIDE_INLINE void prefetch_lines(struct ahead *ahead) {
    for (ptrdiff_t i = 0; i < ahead->count && ahead->rows > 0; i++) {
        __builtin_prefetch(ahead->row + ahead->line * LINE, 0, 2);
        if (++ahead->line == ahead->lines) {
            ahead->line = 0;
            ahead->row += ahead->leading;
            ahead->rows--;
        }
    }
}

WIDE_INLINE void store(lanes sums, float *results, ptrdiff_t columns, bool accumulate) {
    if (columns >= LANES) {
        *(lanes *)results = accumulate ? *(const lanes *)results + sums : sums;
        return;
    }
    for (ptrdiff_t i = 0; i < columns; i++) {
        results[i] = accumulate ? results[i] + sums[i] : sums[i];
    }
}

/// results[rows, columns] (+)= A's rows · a packed panel `[k, PANEL]`.
WIDE_INLINE void compute_tile(
    const struct tile_rows a, const float *panel, ptrdiff_t k, float *results, ptrdiff_t leading,
    ptrdiff_t columns, bool accumulate, struct ahead *ahead, const int rows) {
    for (int row = 0; row < rows; row++) {
        __builtin_prefetch(results + row * leading, 1, 3);
        __builtin_prefetch(results + row * leading + LANES, 1, 3);
    }
    lanes sums[TILE_ROWS][2] = {0};
    ptrdiff_t i = 0;
    while (i < k) {
        const ptrdiff_t end = least(k, i + PREFETCH_STEPS);
        prefetch_lines(ahead);
        for (; i < end; i++) {
            const lanes left = *(const lanes *)(panel + i * PANEL);
            const lanes right = *(const lanes *)(panel + i * PANEL + LANES);
#pragma unroll
            for (int row = 0; row < rows; row++) {
                const float value = a.first[row * a.row_stride + i * a.step];
                sums[row][0] += left * value;
                sums[row][1] += right * value;
            }
        }
    }
#pragma unroll
    for (int row = 0; row < rows; row++) {
        float *const target = results + row * leading;
        store(sums[row][0], target, columns, accumulate);
        store(sums[row][1], target + LANES, columns - LANES, accumulate);
    }
}

/// The switch gives the compiler the number of rows, which registers depend on.
WIDE_INLINE void compute_rows(
    const struct tile_rows a, const float *panel, ptrdiff_t k, float *results, ptrdiff_t leading,
    ptrdiff_t columns, bool accumulate, struct ahead *ahead, ptrdiff_t rows) {
    switch (rows) {
#define ROWS(count) \
    case count: \
        compute_tile(a, panel, k, results, leading, columns, accumulate, ahead, count); \
        break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7)
        ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#undef ROWS
    }
}

/// One chunk of k of a product whose A is stored [m, k]: rows are read where they are.
WIDE_INLINE void compute_plain_rows(
    const product *product, ptrdiff_t first, ptrdiff_t k, bool accumulate, float *panel) {
    const ptrdiff_t blocks = divide_up(product->m, BLOCK_ROWS);
    for (ptrdiff_t block = 0; block < blocks; block++) {
        const ptrdiff_t begin = part_start(product->m, block, blocks);
        const struct tiling all =
            tiling(begin, part_start(product->m, block + 1, blocks) - begin);
        const float *rows = product->a + begin * product->leading_a + first;
        ptrdiff_t stride = product->leading_a;
        if (collides(stride)) {
            copy_rows(product, begin, all.rows, first, k, panel + PANEL * WHOLE);
            rows = panel + PANEL * WHOLE;
            stride = k;
        }
        for (ptrdiff_t column = 0; column < product->n; column += PANEL) {
            pack_panels(product, column, 1, first, k, panel);
            struct ahead ahead = before_panel(product, column + PANEL, first, k, all.tiles);
            for (ptrdiff_t tile = 0; tile < all.tiles; tile++) {
                const ptrdiff_t row = tile_start(all, tile);
                const struct tile_rows a = {rows + (row - begin) * stride, stride, 1};
                compute_rows(
                    a, panel, k, product->c + row * product->leading_c + column,
                    product->leading_c, product->n - column, accumulate, &ahead,
                    tile_start(all, tile + 1) - row);
            }
        }
    }
}

/// The same of a product whose A is stored [k, m]: rows are packed, as panels are.
WIDE_INLINE void compute_stored_columns(
    const product *product, ptrdiff_t first, ptrdiff_t k, bool accumulate, float *scratch) {
    float *const packed_rows = scratch + GROUP_FLOATS;
    const struct tiling all = tiling(0, product->m);
    const ptrdiff_t panels = divide_up(product->n, PANEL);
    const ptrdiff_t groups = divide_up(panels, GROUP_FLOATS / (PANEL * (k + 1)));
    struct ahead nothing = {0};
    for (ptrdiff_t group = 0; group < groups; group++) {
        const ptrdiff_t begin = part_start(panels, group, groups);
        const ptrdiff_t end = part_start(panels, group + 1, groups);
        pack_panels(product, begin * PANEL, end - begin, first, k, scratch);
        for (ptrdiff_t tile = 0; tile < all.tiles; tile++) {
            const ptrdiff_t place = tile % PACKED_TILES;
            if (place == 0) {
                const ptrdiff_t last = least(tile + PACKED_TILES, all.tiles);
                pack_rows(product, all, tile, last, first, k, packed_rows);
            }
            const ptrdiff_t row = tile_start(all, tile);
            const struct tile_rows a = {packed_rows + place * k * LANES, 1, LANES};
            for (ptrdiff_t panel = begin; panel < end; panel++) {
                compute_rows(
                    a, scratch + (panel - begin) * PANEL * k, k,
                    product->c + row * product->leading_c + panel * PANEL, product->leading_c,
                    product->n - panel * PANEL, accumulate, &nothing,
                    tile_start(all, tile + 1) - row);
            }
        }
    }
}

WIDE static void compute_wide(const product *product, float *scratch) {
    // An empty sum is a chunk, too: it makes C zero.
    const ptrdiff_t chunks = product->k <= WHOLE ? 1 : divide_up(product->k, CHUNK);
    for (ptrdiff_t chunk = 0; chunk < chunks; chunk++) {
        const ptrdiff_t first = part_start(product->k, chunk, chunks);
        const ptrdiff_t k = part_start(product->k, chunk + 1, chunks) - first;
        const bool accumulate = product->accumulate || chunk > 0;
        if (product->transpose_a) {
            compute_stored_columns(product, first, k, accumulate, scratch);
        } else {
            compute_plain_rows(product, first, k, accumulate, scratch);
        }
    }
}

bool spind_vector_product_is_usable(void) {
    return __builtin_cpu_supports("x86-64-v4");
}

size_t spind_vector_product_scratch_bytes(void) {
    const size_t plain_rows = WHOLE * (PANEL + BLOCK_ROWS);
    const size_t stored_columns = GROUP_FLOATS + WHOLE * PACKED_TILES * LANES;
    return sizeof(float) * (plain_rows > stored_columns ? plain_rows : stored_columns);
}

void spind_vector_product_compute(const struct spind_matrix_product *product, void *scratch) {
    compute_wide(product, scratch);
}

#else

bool spind_vector_product_is_usable(void) {
    return false;
}

size_t spind_vector_product_scratch_bytes(void) {
    return 0;
}

void spind_vector_product_compute(const struct spind_matrix_product *product, void *scratch) {
    (void)product;
    (void)scratch;
}

#endif
