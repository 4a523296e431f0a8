#pragma once

#include "kernel_attributes.h"
#include "panel_product.h"

#include <stdbool.h>
#include <stddef.h>

// Tiles of sums in vectors: what products with packed panels are made of. Who includes this has
// defined VECTOR_BITS: 512, for x86-64, or 256, for any processor.

// Vectors are passed to inlined functions only, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

// Every tile shape has to add in the same order, so the compiler must not choose one.
#pragma clang fp reassociate(off)

#if VECTOR_BITS == 512
// Without the second attribute the compiler halves vectors of 512 bits.
#define VECTOR_KERNEL __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define VECTOR_INLINE VECTOR_KERNEL static inline __attribute__((always_inline))
/// Sums in 24 of 32 registers, and the fewest loads for a multiplication of all shapes that leave
/// room for what is multiplied.
enum { LANES = 16, TILE_VECTORS = 3, TILE_ROWS = 8 };
#elif VECTOR_BITS == 256
#define VECTOR_KERNEL SPIND_KERNEL
#define VECTOR_INLINE SPIND_INLINE
/// Sums in 12 of 16 registers.
enum { LANES = 8, TILE_VECTORS = 2, TILE_ROWS = 6 };
#endif

enum {
    LINE = 16,
    /// Columns of a packed panel, and those of them that a tile covers.
    PANEL = SPIND_PANEL_WIDTH,
    PANEL_VECTORS = PANEL / LANES,
    TILE_COLUMNS = TILE_VECTORS * LANES,
    /// Steps of k that are written out one after the other.
    UNROLL = 4,
};
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));

VECTOR_INLINE ptrdiff_t least(ptrdiff_t one, ptrdiff_t other) {
    return one < other ? one : other;
}

VECTOR_INLINE ptrdiff_t divide_up(ptrdiff_t count, ptrdiff_t by) {
    return (count + by - 1) / by;
}

/// Parts of nearly equal size: where part `index` of `parts` begins.
VECTOR_INLINE ptrdiff_t part_start(ptrdiff_t count, ptrdiff_t index, ptrdiff_t parts) {
    return count * index / parts;
}

/// Rows of C in even tiles: 10 rows are 5 + 5 rather than 8 + 2.
struct tiling {
    ptrdiff_t first, rows, tiles;
};

VECTOR_INLINE struct tiling tiling(ptrdiff_t first, ptrdiff_t rows) {
    return (struct tiling){first, rows, divide_up(rows, TILE_ROWS)};
}

/// The first row of a tile; behind the last one the end of the rows.
VECTOR_INLINE ptrdiff_t tile_start(struct tiling all, ptrdiff_t tile) {
    return all.first + part_start(all.rows, tile, all.tiles);
}

/// Stored lines that the next panel comes from, to be brought into the cache meanwhile.
struct ahead {
    const float *row;
    ptrdiff_t leading, rows, lines, line;
    /// Lines to bring at a time, and steps of k from one time to the next, a multiple of `UNROLL`.
    ptrdiff_t count, steps;
};

/// A's rows as a tile reads them: `stride` bytes apart, or packed [k, TILE_ROWS].
struct tile_rows {
    const float *first;
    ptrdiff_t stride;
    bool packed;
};

VECTOR_INLINE void prefetch_lines(struct ahead *ahead) {
    for (ptrdiff_t i = 0; i < ahead->count && ahead->rows > 0; i++) {
        __builtin_prefetch(ahead->row + ahead->line * LINE, 0, 2);
        if (++ahead->line == ahead->lines) {
            ahead->line = 0;
            ahead->row += ahead->leading;
            ahead->rows--;
        }
    }
}

/// The results, with anything behind their columns.
VECTOR_INLINE lanes load(const float *results, ptrdiff_t columns) {
    if (columns >= LANES) {
        return *(const lanes *)results;
    }
    lanes loaded = {0};
    for (ptrdiff_t i = 0; i < columns; i++) {
        loaded[i] = results[i];
    }
    return loaded;
}

VECTOR_INLINE void store(lanes sums, float *results, ptrdiff_t columns, bool accumulate) {
    if (columns >= LANES) {
        *(lanes *)results = accumulate ? *(const lanes *)results + sums : sums;
        return;
    }
    for (ptrdiff_t i = 0; i < columns; i++) {
        results[i] = accumulate ? results[i] + sums[i] : sums[i];
    }
}

/// Pointers into A that go along k. Three rows share one, so that one and two strides are part of
/// a load instead of additions that take the place of multiplications.
struct row_pointers {
    const char *thirds[(TILE_ROWS + 2) / 3];
};

VECTOR_INLINE struct row_pointers row_pointers(const struct tile_rows a, const int rows) {
    struct row_pointers pointers;
#pragma unroll
    for (int third = 0; third * 3 < rows; third++) {
        pointers.thirds[third] = (const char *)a.first + 3 * third * a.stride;
    }
    return pointers;
}

/// A's number in a row of the tile, some steps of k on.
VECTOR_INLINE float number(
    const struct row_pointers *pointers, const struct tile_rows a, int row, int step) {
    if (a.packed) {
        return ((const float *)pointers->thirds[0])[step * TILE_ROWS + row];
    }
    return ((const float *)(pointers->thirds[row / 3] + row % 3 * a.stride))[step];
}

VECTOR_INLINE void advance(
    struct row_pointers *pointers, const struct tile_rows a, const int rows, const int steps) {
#pragma unroll
    for (int third = 0; third * 3 < (a.packed ? 1 : rows); third++) {
        pointers->thirds[third] += sizeof(float) * steps * (a.packed ? TILE_ROWS : 1);
    }
}

/// sums += the next steps of k: A's numbers times a packed panel's vectors.
VECTOR_INLINE void multiply_steps(
    lanes sums[TILE_ROWS][TILE_VECTORS], const struct row_pointers *pointers,
    const struct tile_rows a, const float *panel, const int rows, const int vectors,
    const int steps) {
#pragma unroll
    for (int step = 0; step < steps; step++) {
        lanes columns[TILE_VECTORS];
#pragma unroll
        for (int vector = 0; vector < vectors; vector++) {
            columns[vector] = *(const lanes *)(panel + step * PANEL + vector * LANES);
        }
#pragma unroll
        for (int row = 0; row < rows; row++) {
            const float value = number(pointers, a, row, step);
#pragma unroll
            for (int vector = 0; vector < vectors; vector++) {
                sums[row][vector] += columns[vector] * value;
            }
        }
    }
}

/// What becomes of the numbers that are already there.
enum results {
    OVERWRITE,
    /// The sum over k is added to them.
    ADD,
    /// They are the sum's beginning.
    CONTINUE,
};

/// What a tile of sums is made of and where it goes: results[rows, columns] (+)= A's rows · columns
/// of a packed panel `[k, PANEL]`.
struct tile {
    struct tile_rows a;
    const float *panel;
    ptrdiff_t k;
    float *results;
    ptrdiff_t leading, columns;
    enum results mode;
};

VECTOR_INLINE void compute_tile(
    const struct tile *tile, struct ahead *ahead, const int rows, const int vectors) {
    const struct tile_rows a = tile->a;
    const float *panel = tile->panel;
    lanes sums[TILE_ROWS][TILE_VECTORS] = {0};
    if (tile->mode == CONTINUE) {
#pragma unroll
        for (int row = 0; row < rows; row++) {
#pragma unroll
            for (int vector = 0; vector < vectors; vector++) {
                sums[row][vector] = load(
                    tile->results + row * tile->leading + vector * LANES,
                    tile->columns - vector * LANES);
            }
        }
    }
    struct row_pointers pointers = row_pointers(a, rows);
    for (ptrdiff_t left = tile->k; left > 0;) {
        prefetch_lines(ahead);
        for (int part = 0; part < ahead->steps / UNROLL && left >= UNROLL; part++) {
            multiply_steps(sums, &pointers, a, panel, rows, vectors, UNROLL);
            advance(&pointers, a, rows, UNROLL);
            panel += UNROLL * PANEL;
            left -= UNROLL;
        }
        for (; left > 0 && left < UNROLL; left--, panel += PANEL) {
            multiply_steps(sums, &pointers, a, panel, rows, vectors, 1);
            advance(&pointers, a, rows, 1);
        }
    }
#pragma unroll
    for (int row = 0; row < rows; row++) {
#pragma unroll
        for (int vector = 0; vector < vectors; vector++) {
            store(
                sums[row][vector], tile->results + row * tile->leading + vector * LANES,
                tile->columns - vector * LANES, tile->mode == ADD);
        }
    }
}

VECTOR_INLINE void prefetch_results(const struct tile *tile, ptrdiff_t rows) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        for (ptrdiff_t column = 0; column < least(TILE_COLUMNS, tile->columns); column += LINE) {
            __builtin_prefetch(tile->results + row * tile->leading + column, 1, 3);
        }
    }
}

/// The switch gives the compiler the number of rows, which registers depend on.
VECTOR_INLINE void compute_rows(
    const struct tile *tile, struct ahead *ahead, ptrdiff_t rows, const int vectors) {
    switch (rows) {
#define ROWS(count) \
    case count: \
        compute_tile(tile, ahead, count, vectors); \
        break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
#if VECTOR_BITS == 512
        ROWS(7) ROWS(8)
#endif
#undef ROWS
    }
}

/// The last panel may have columns for fewer vectors.
VECTOR_INLINE void compute_columns(const struct tile *tile, struct ahead *ahead, ptrdiff_t rows) {
    prefetch_results(tile, rows);
    if (tile->columns <= LANES) {
        compute_rows(tile, ahead, rows, 1);
    } else if (TILE_VECTORS == 2 || tile->columns <= 2 * LANES) {
        compute_rows(tile, ahead, rows, 2);
    } else {
        compute_rows(tile, ahead, rows, TILE_VECTORS);
    }
}
