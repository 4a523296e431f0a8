#include "vector_product.h"

#if defined(__x86_64__)

#include "vector_packing.h"

/// One chunk of k of a product whose A is stored [m, k]: rows are read where they are.
VECTOR_INLINE void compute_plain_rows(
    const product *product, ptrdiff_t first, ptrdiff_t k, bool accumulate, float *panel) {
    const ptrdiff_t blocks = divide_up(product->m, BLOCK_ROWS);
    for (ptrdiff_t block = 0; block < blocks; block++) {
        const ptrdiff_t begin = part_start(product->m, block, blocks);
        const struct tiling all =
            tiling(begin, part_start(product->m, block + 1, blocks) - begin);
        for (ptrdiff_t column = 0; column < product->n; column += PANEL) {
            pack_panels(product, column, 1, first, k, panel);
            struct ahead ahead = before_panel(product, column + PANEL, first, k, all.tiles);
            for (ptrdiff_t tile = 0; tile < all.tiles; tile++) {
                const ptrdiff_t row = tile_start(all, tile);
                const struct tile sums = {
                    .a = {
                        product->a + row * product->leading_a + first,
                        sizeof(float) * product->leading_a, false},
                    .panel = panel,
                    .k = k,
                    .results = product->c + row * product->leading_c + column,
                    .leading = product->leading_c,
                    .columns = product->n - column,
                    .mode = accumulate ? ADD : OVERWRITE,
                };
                compute_columns(&sums, &ahead, tile_start(all, tile + 1) - row);
            }
        }
    }
}

/// The same of a product whose A is stored [k, m]: rows are packed, as panels are.
VECTOR_INLINE void compute_stored_columns(
    const product *product, ptrdiff_t first, ptrdiff_t k, bool accumulate, float *scratch) {
    float *const packed_rows = scratch + GROUP_FLOATS;
    const struct tiling all = tiling(0, product->m);
    const ptrdiff_t panels = divide_up(product->n, PANEL);
    const ptrdiff_t groups = divide_up(panels, GROUP_FLOATS / (PANEL * (k + 1)));
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
            for (ptrdiff_t panel = begin; panel < end; panel++) {
                struct ahead ahead = panel + 1 < end
                    ? before_tile(product, all, tile, panel + 1, k)
                    : before_tile(product, all, tile + 1, begin, k);
                const struct tile sums = {
                    .a = {packed_rows + place * k * TILE_ROWS, 0, true},
                    .panel = scratch + (panel - begin) * PANEL * k,
                    .k = k,
                    .results = product->c + row * product->leading_c + panel * PANEL,
                    .leading = product->leading_c,
                    .columns = product->n - panel * PANEL,
                    .mode = accumulate ? ADD : OVERWRITE,
                };
                compute_columns(&sums, &ahead, tile_start(all, tile + 1) - row);
            }
        }
    }
}

VECTOR_KERNEL static void compute_wide(const product *product, float *scratch) {
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
    const size_t plain_rows = WHOLE * PANEL;
    const size_t stored_columns = GROUP_FLOATS + WHOLE * PACKED_TILES * TILE_ROWS;
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
