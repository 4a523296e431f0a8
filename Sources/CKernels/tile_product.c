#include "tile_product.h"

#if defined(__x86_64__) && defined(__linux__)

#include "tile_packing.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    /// Columns of C that are computed together, in panels: each time, all of A is packed anew.
    GROUP_PANELS = 18,
    /// Steps of k that are packed at a time, in k blocks.
    CHUNK_BLOCKS = 18,
    /// k blocks of B's panels that are packed at a time: 972 KiB, half of the second-level cache of
    /// every processor with tiles.
    PACKED_BLOCKS = 162,
};

typedef struct spind_matrix_product product;

SPIND_INLINE ptrdiff_t divide_up(ptrdiff_t count, ptrdiff_t by) {
    return (count + by - 1) / by;
}

/// Shares a count out into nearly equal parts: where part `index` begins.
SPIND_INLINE ptrdiff_t share_start(ptrdiff_t count, ptrdiff_t index, ptrdiff_t parts) {
    return count * index / parts;
}

// Tiles 0–3 are 32 × 32 results, 4–5 hold one part of the rows, 6–7 one of the columns.
#define LOAD(tile, panel, part) _tile_loadd(tile, panel + (part) * 2 * TILE + (tile) % 2 * TILE, 64)
#define MULTIPLY(result) _tile_dpbf16ps(result, 4 + (result) / 2, 6 + (result) % 2)

// The four products of the parts at hand; a tile is loaded anew as soon as it has been used, two
// products before it is wanted again.
#define MULTIPLY_THEN_LOAD_ROWS(part) \
    MULTIPLY(0); \
    MULTIPLY(1); \
    LOAD(4, rows, part); \
    MULTIPLY(2); \
    MULTIPLY(3); \
    LOAD(5, rows, part)
#define MULTIPLY_THEN_LOAD_COLUMNS(part) \
    MULTIPLY(0); \
    MULTIPLY(2); \
    LOAD(6, columns, part); \
    MULTIPLY(1); \
    MULTIPLY(3); \
    LOAD(7, columns, part)

/// Stored rows to bring into the cache while tiles are multiplied, `count` for each k block.
struct ahead {
    const float *first;
    ptrdiff_t leading, block_stride, count;
};

/// results[32, 32] (+)= a packed panel of rows · a packed panel of columns.
SPIND_TILES_INLINE void multiply_panels(
    const bfloat16 *rows, const bfloat16 *columns, ptrdiff_t blocks, float *results,
    ptrdiff_t leading, bool accumulate, struct ahead ahead) {
    const ptrdiff_t stride = leading * (ptrdiff_t)sizeof(float);
    if (accumulate) {
        _tile_loadd(0, results, stride);
        _tile_loadd(1, results + LANES, stride);
        _tile_loadd(2, results + LANES * leading, stride);
        _tile_loadd(3, results + LANES * leading + LANES, stride);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    LOAD(4, rows, 1);
    LOAD(6, columns, 1);
    LOAD(7, columns, 1);
    LOAD(5, rows, 1);
    for (ptrdiff_t block = 0; block < blocks; block++) {
        for (ptrdiff_t row = 0; row < ahead.count; row++) {
            const float *next = ahead.first + block * ahead.block_stride + row * ahead.leading;
            __builtin_prefetch(next);
            __builtin_prefetch(next + LANES);
        }
        // Every step changes one operand only: 14 loads for 24 products.
        MULTIPLY_THEN_LOAD_COLUMNS(0);
        MULTIPLY_THEN_LOAD_ROWS(2);
        MULTIPLY_THEN_LOAD_ROWS(0);
        MULTIPLY_THEN_LOAD_COLUMNS(1);
        MULTIPLY_THEN_LOAD_COLUMNS(2);
        // The last block loads its own parts again, for nothing.
        const ptrdiff_t advance = block + 1 < blocks ? PANEL_BLOCK : 0;
        rows += advance;
        columns += advance;
        MULTIPLY(0);
        MULTIPLY(1);
        LOAD(4, rows, 1);
        MULTIPLY(2);
        LOAD(6, columns, 1);
        MULTIPLY(3);
        LOAD(5, rows, 1);
        LOAD(7, columns, 1);
    }
    _tile_stored(0, results, stride);
    _tile_stored(1, results + LANES, stride);
    _tile_stored(2, results + LANES * leading, stride);
    _tile_stored(3, results + LANES * leading + LANES, stride);
}

SPIND_INLINE void zero_rows(float *rows, ptrdiff_t leading, ptrdiff_t count, ptrdiff_t columns) {
    for (ptrdiff_t row = 0; row < count; row++) {
        for (ptrdiff_t column = 0; column < columns; column++) {
            rows[row * leading + column] = 0;
        }
    }
}

SPIND_INLINE void copy_block(
    const float *from, ptrdiff_t from_leading, float *to, ptrdiff_t to_leading, ptrdiff_t rows,
    ptrdiff_t columns) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        for (ptrdiff_t column = 0; column < columns; column++) {
            to[row * to_leading + column] = from[row * from_leading + column];
        }
    }
}

/// One chunk of k, for one panel of rows and a group of columns.
struct stripe {
    const bfloat16 *rows, *columns;
    float *results;
    ptrdiff_t leading;
    ptrdiff_t row_count, column_count, blocks;
    bool accumulate;
    /// The next panel of rows, whose stored form is wanted soon.
    struct operand next;
};

/// As `multiply_panels`, where the 32 × 32 results reach over the edge of C.
SPIND_TILES_INLINE void multiply_edge(
    const struct stripe *s, const bfloat16 *columns, float *results, ptrdiff_t column_count,
    struct ahead ahead) {
    _Alignas(64) float whole[PANEL * PANEL];
    if (s->accumulate) {
        copy_block(results, s->leading, whole, PANEL, s->row_count, column_count);
    }
    multiply_panels(s->rows, columns, s->blocks, whole, PANEL, s->accumulate, ahead);
    copy_block(whole, PANEL, results, s->leading, s->row_count, column_count);
}

SPIND_TILES static void multiply_stripe(const struct stripe *s) {
    const ptrdiff_t panels = divide_up(s->column_count, PANEL);
    const ptrdiff_t block_stride = s->next.k_is_contiguous ? K_BLOCK : K_BLOCK * s->next.leading;
    for (ptrdiff_t panel = 0; panel < panels; panel++) {
        // A k block of the next panel is 32 stored rows of 32 floats: each step brings its share.
        const ptrdiff_t first = share_start(PANEL, panel, panels);
        const bool has_next = s->next.indices == PANEL && s->next.steps == s->blocks * K_BLOCK;
        const struct ahead ahead = {
            .first = s->next.first + first * s->next.leading,
            .leading = s->next.leading,
            .block_stride = block_stride,
            .count = has_next ? share_start(PANEL, panel + 1, panels) - first : 0,
        };
        const bfloat16 *columns = s->columns + panel * s->blocks * PANEL_BLOCK;
        const ptrdiff_t column_count = smaller(PANEL, s->column_count - panel * PANEL);
        float *results = s->results + panel * PANEL;
        if (s->row_count + column_count == 2 * PANEL) {
            multiply_panels(
                s->rows, columns, s->blocks, results, s->leading, s->accumulate, ahead);
        } else {
            multiply_edge(s, columns, results, column_count, ahead);
        }
    }
}

/// Adds one chunk of k to a group of columns of C.
SPIND_TILES static void multiply_chunk(
    struct operand a, struct operand b, float *c, ptrdiff_t leading_c, bool accumulate,
    bfloat16 *scratch) {
    const ptrdiff_t blocks = divide_up(a.steps, K_BLOCK);
    bfloat16 *rows = scratch, *columns = scratch + CHUNK_BLOCKS * PANEL_BLOCK;
    for (ptrdiff_t column = 0; column < b.indices; column += PANEL) {
        pack_panel(
            part_of(b, column, PANEL, 0, b.steps), true,
            columns + column / PANEL * blocks * PANEL_BLOCK);
    }
    for (ptrdiff_t row = 0; row < a.indices; row += PANEL) {
        pack_panel(part_of(a, row, PANEL, 0, a.steps), false, rows);
        const struct stripe stripe = {
            .rows = rows,
            .columns = columns,
            .results = c + row * leading_c,
            .leading = leading_c,
            .row_count = smaller(PANEL, a.indices - row),
            .column_count = b.indices,
            .blocks = blocks,
            .accumulate = accumulate,
            .next = part_of(a, row + PANEL, PANEL, 0, a.steps),
        };
        multiply_stripe(&stripe);
    }
}

SPIND_TILES static void configure_tiles(void) {
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shapes = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        shapes.row_bytes[tile] = 64;
        shapes.rows[tile] = 16;
    }
    _tile_loadconfig(&shapes);
}

SPIND_TILES void spind_tile_product_compute(const product *p, void *scratch) {
    const struct operand a = {p->a, p->leading_a, p->m, p->k, !p->transpose_a};
    const struct operand b = {p->b, p->leading_b, p->n, p->k, p->transpose_b};
    const ptrdiff_t panels = divide_up(p->n, PANEL), blocks = divide_up(p->k, K_BLOCK);
    const ptrdiff_t groups = divide_up(panels, GROUP_PANELS);
    if (p->k == 0 && !p->accumulate) {
        zero_rows(p->c, p->leading_c, p->m, p->n);
    }
    configure_tiles();
    for (ptrdiff_t group = 0; group < groups; group++) {
        const ptrdiff_t first = share_start(panels, group, groups);
        const ptrdiff_t count = share_start(panels, group + 1, groups) - first;
        const ptrdiff_t chunks = divide_up(blocks, smaller(CHUNK_BLOCKS, PACKED_BLOCKS / count));
        for (ptrdiff_t chunk = 0; chunk < chunks; chunk++) {
            const ptrdiff_t step = share_start(blocks, chunk, chunks) * K_BLOCK;
            const ptrdiff_t steps = share_start(blocks, chunk + 1, chunks) * K_BLOCK - step;
            multiply_chunk(
                part_of(a, 0, p->m, step, steps),
                part_of(b, first * PANEL, count * PANEL, step, steps), p->c + first * PANEL,
                p->leading_c, p->accumulate || chunk > 0, scratch);
        }
    }
    // Leaves nothing for the system to save when it switches threads.
    _tile_release();
}

size_t spind_tile_product_scratch_bytes(void) {
    return (CHUNK_BLOCKS + PACKED_BLOCKS) * PANEL_BLOCK * sizeof(bfloat16);
}

bool spind_tile_product_is_usable(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, BFLOAT16_BIT = 22, TILE_BIT = 24 };
    // Not __builtin_cpu_supports alone, which knows nothing of tiles in some compilers.
    unsigned a, b, c, d;
    return __builtin_cpu_supports("x86-64-v4") && __get_cpuid_count(7, 0, &a, &b, &c, &d)
        && (d >> BFLOAT16_BIT & 1) && (d >> TILE_BIT & 1)
        && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

#else

bool spind_tile_product_is_usable(void) {
    return false;
}

size_t spind_tile_product_scratch_bytes(void) {
    return 0;
}

void spind_tile_product_compute(const struct spind_matrix_product *product, void *scratch) {}

#endif
