#include "vector_product.h"

#include "kernel_attributes.h"

#if defined(__x86_64__)

// Vectors are passed to inlined functions only, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

// Every tile shape has to add in the same order, so the compiler must not choose one.
#pragma clang fp reassociate(off)

// Without the second attribute the compiler halves vectors of 512 bits.
#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define WIDE_INLINE WIDE static inline __attribute__((always_inline))

enum {
    LANES = 16,
    LINE = 16,
    /// Columns of C that a tile of sums covers, and rows: 28 of 32 registers.
    PANEL = 2 * LANES,
    TILE_ROWS = 14,
    /// Steps of k at a time, so that a panel of columns stays in the second-level cache with the rows
    /// that pass over it; a few more are better than visiting C twice.
    CHUNK = 512,
    WHOLE = 640,
    /// Rows that pass over a panel before the next one is packed.
    BLOCK_ROWS = 512,
    /// Tiles whose rows are packed at a time where A is stored [k, m], and floats of the panels they
    /// pass over: half of a second-level cache of 1 MiB.
    PACKED_TILES = 8,
    GROUP_FLOATS = 9 * PANEL * CHUNK,
    /// Floats after which addresses share a set of the first-level cache.
    SET_PERIOD = 1024,
    /// Rows that are fetched before they are packed.
    PACK_AHEAD = 8,
    /// Steps of k between two prefetches.
    PREFETCH_STEPS = 16,
};
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef struct spind_matrix_product product;

/// Stored lines that the next panel will be packed from, to be brought into the cache meanwhile.
struct ahead {
    const float *row;
    ptrdiff_t leading, rows, lines, line;
    /// Lines to bring at a time.
    ptrdiff_t count;
};

/// A's rows as a tile reads them: A(row, i) is first[row * row_stride + i * step].
struct tile_rows {
    const float *first;
    ptrdiff_t row_stride, step;
};

WIDE_INLINE ptrdiff_t least(ptrdiff_t one, ptrdiff_t other) {
    return one < other ? one : other;
}

WIDE_INLINE ptrdiff_t divide_up(ptrdiff_t count, ptrdiff_t by) {
    return (count + by - 1) / by;
}

/// Parts of nearly equal size: where part `index` of `parts` begins.
WIDE_INLINE ptrdiff_t part_start(ptrdiff_t count, ptrdiff_t index, ptrdiff_t parts) {
    return count * index / parts;
}

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

// Packing

/// One stage of transposing 16 × 16 numbers: squares of side `SIDE` off the diagonal change places.
#define EXCHANGE(SIDE, LOW, HIGH) \
    for (int row = 0; row < LANES; row++) { \
        if ((row & SIDE) == 0) { \
            const lanes upper = rows[row], lower = rows[row + SIDE]; \
            rows[row] = __builtin_shufflevector(upper, lower, LOW); \
            rows[row + SIDE] = __builtin_shufflevector(upper, lower, HIGH); \
        } \
    }

WIDE_INLINE void transpose(lanes rows[LANES]) {
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

/// target[LANES, PANEL], a column of LANES numbers from each of 16 rows.
WIDE_INLINE void pack_square(const float *source, ptrdiff_t leading, float *target) {
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
WIDE_INLINE void pack_transposed(
    const product *product, ptrdiff_t column, ptrdiff_t first, ptrdiff_t k, float *panel) {
    const ptrdiff_t leading = product->leading_b;
    const float *source = product->b + column * leading + first;
    const ptrdiff_t count = least(PANEL, product->n - column);
    ptrdiff_t i = 0;
    if (count == PANEL) {
        for (; i + LANES <= k; i += LANES) {
            pack_square(source + i, leading, panel + i * PANEL);
            pack_square(source + LANES * leading + i, leading, panel + i * PANEL + LANES);
        }
    }
    for (; i < k; i++) {
        for (ptrdiff_t row = 0; row < PANEL; row++) {
            panel[i * PANEL + row] = row < count ? source[row * leading + i] : 0;
        }
    }
}

/// The same of B stored [k, n], for some panels side by side, whose rows are then read in one go.
WIDE_INLINE void pack_plain(
    const product *product, ptrdiff_t column, ptrdiff_t panels, ptrdiff_t first, ptrdiff_t k,
    float *target) {
    for (ptrdiff_t i = 0; i < k; i++) {
        const float *source = product->b + (first + i) * product->leading_b + column;
        for (ptrdiff_t panel = 0; panel < panels; panel++, source += PANEL) {
            float *place = target + (panel * k + i) * PANEL;
            const ptrdiff_t count = product->n - column - panel * PANEL;
            if (count >= PANEL) {
                __builtin_prefetch(source + PACK_AHEAD * product->leading_b, 0, 2);
                __builtin_prefetch(source + PACK_AHEAD * product->leading_b + LANES, 0, 2);
                *(lanes *)place = *(const lanes *)source;
                *(lanes *)(place + LANES) = *(const lanes *)(source + LANES);
            } else {
                for (ptrdiff_t j = 0; j < PANEL; j++) {
                    place[j] = j < count ? source[j] : 0;
                }
            }
        }
    }
}

/// target[panels, k, PANEL] = B's columns from `column` on; zero beyond n.
WIDE_INLINE void pack_panels(
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
WIDE_INLINE struct ahead before_panel(
    const product *product, ptrdiff_t column, ptrdiff_t first, ptrdiff_t k, ptrdiff_t tiles) {
    if (column >= product->n) {
        return (struct ahead){0};
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
    };
}

/// Rows of C in even tiles: 16 rows are 8 + 8 rather than 14 + 2.
struct tiling {
    ptrdiff_t first, rows, tiles;
};

WIDE_INLINE struct tiling tiling(ptrdiff_t first, ptrdiff_t rows) {
    return (struct tiling){first, rows, divide_up(rows, TILE_ROWS)};
}

/// The first row of a tile; behind the last one the end of the rows.
WIDE_INLINE ptrdiff_t tile_start(struct tiling all, ptrdiff_t tile) {
    return all.first + part_start(all.rows, tile, all.tiles);
}

/// target[k, LANES] for each of some tiles, of A stored [k, m]; a tile needs fewer numbers of each
/// vector than there are.
WIDE_INLINE void pack_rows(
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
            float *place = target + (tile * k + i) * LANES;
            __builtin_prefetch(ahead + row, 0, 2);
            if (row + LANES <= product->m) {
                *(lanes *)place = *(const lanes *)(source + row);
            } else {
                for (ptrdiff_t j = 0; row + j < product->m; j++) {
                    place[j] = source[row + j];
                }
            }
        }
    }
}

/// Whether one place in each of a tile's rows lies in the same set of the first-level cache, which
/// has no room for so many.
WIDE_INLINE bool collides(ptrdiff_t leading) {
    return leading % SET_PERIOD == 0;
}

/// target[rows, k] = some rows of A stored [m, k], without what lies between.
WIDE_INLINE void copy_rows(
    const product *product, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t first, ptrdiff_t k,
    float *target) {
    for (ptrdiff_t i = 0; i < rows; i++, target += k) {
        const float *source = product->a + (row + i) * product->leading_a + first;
        for (ptrdiff_t j = 0; j < k; j++) {
            target[j] = source[j];
        }
    }
}

// Products

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
