#pragma once

#include "kernel_attributes.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPIND_TILES __attribute__((target("arch=x86-64-v4,amx-tile,amx-bf16")))
#define SPIND_TILES_INLINE SPIND_INLINE SPIND_TILES

// A tile is 16 rows of 64 bytes. Both operands come in tiles of 16 indices (rows of A or columns
// of B) times 32 steps of k, that is 16 pairs of bfloat16 numbers: A has an index a row, B, which
// the processor wants transposed in units of pairs, a pair of steps a row.
enum {
    LANES = 16,
    PARTS = 3,
    K_BLOCK = 32,
    TILE = LANES * K_BLOCK,
    /// Indices that are packed and multiplied together: two tiles.
    PANEL = 2 * LANES,
    /// bfloat16 numbers in one k block of a panel: for each part its two tiles.
    PANEL_BLOCK = PARTS * 2 * TILE,
};

typedef uint16_t bfloat16;

/// Part of a stored matrix: some indices × some steps of k.
struct operand {
    const float *first;
    /// Floats from one stored row to the next.
    ptrdiff_t leading;
    ptrdiff_t indices, steps;
    /// A stored row is an index with its steps side by side, or else the other way around.
    bool k_is_contiguous;
};

SPIND_INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

SPIND_INLINE struct operand part_of(
    struct operand whole, ptrdiff_t index, ptrdiff_t indices, ptrdiff_t step, ptrdiff_t steps) {
    struct operand part = whole;
    part.first += whole.k_is_contiguous ? index * whole.leading + step : step * whole.leading + index;
    part.indices = smaller(indices, whole.indices - index);
    part.steps = smaller(steps, whole.steps - step);
    return part;
}

/// 16 × 16 floats.
SPIND_TILES_INLINE void transpose(__m512 rows[LANES]) {
    __m512 half[LANES];
#pragma unroll
    for (int i = 0; i < LANES; i += 2) {
        half[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        half[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
#pragma unroll
    for (int i = 0; i < LANES; i += 4) {
        const __m512d a = (__m512d)half[i], b = (__m512d)half[i + 1];
        const __m512d c = (__m512d)half[i + 2], d = (__m512d)half[i + 3];
        rows[i] = (__m512)_mm512_unpacklo_pd(a, c);
        rows[i + 1] = (__m512)_mm512_unpackhi_pd(a, c);
        rows[i + 2] = (__m512)_mm512_unpacklo_pd(b, d);
        rows[i + 3] = (__m512)_mm512_unpackhi_pd(b, d);
    }
    // Now lane 4q + j of rows[4p + i] is element (4p + j, 4q + i): quarters of vectors move.
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const __m512 even_low = _mm512_shuffle_f32x4(rows[i], rows[4 + i], 0x88);
        const __m512 even_high = _mm512_shuffle_f32x4(rows[8 + i], rows[12 + i], 0x88);
        const __m512 odd_low = _mm512_shuffle_f32x4(rows[i], rows[4 + i], 0xdd);
        const __m512 odd_high = _mm512_shuffle_f32x4(rows[8 + i], rows[12 + i], 0xdd);
        rows[i] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
        rows[8 + i] = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
        rows[4 + i] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
        rows[12 + i] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
    }
}

/// The upper halves of 32 floats, in the order that `places` says.
SPIND_TILES_INLINE __m512i upper_halves(__m512 first, __m512 second, __m512i places) {
    return _mm512_permutex2var_epi16((__m512i)first, places, (__m512i)second);
}

/// Takes the first 8 bits of each float's significand away and returns them, as a float.
SPIND_TILES_INLINE __m512 take_part(__m512 *rest, bool rounding) {
    __m512i bits = (__m512i)*rest;
    if (rounding) {
        bits = _mm512_add_epi32(bits, _mm512_set1_epi32(0x8000));
    }
    const __m512 part = (__m512)_mm512_and_si512(bits, _mm512_set1_epi32((int)0xffff0000));
    *rest = _mm512_sub_ps(*rest, part);
    return part;
}

/// One row of each part's tile from 32 floats.
SPIND_TILES_INLINE void store_parts(__m512 first, __m512 second, __m512i places, bfloat16 *row) {
    // Rounding the first part halves the second one and leaves its sign to chance, so that what
    // the product leaves out does not add up. Eight bits remain for the third part: it is exact.
    const __m512 first_high = take_part(&first, true), second_high = take_part(&second, true);
    const __m512 first_middle = take_part(&first, false);
    const __m512 second_middle = take_part(&second, false);
    _mm512_store_si512(row, upper_halves(first_high, second_high, places));
    _mm512_store_si512(row + 2 * TILE, upper_halves(first_middle, second_middle, places));
    _mm512_store_si512(row + 4 * TILE, upper_halves(first, second, places));
}

SPIND_TILES_INLINE __m512 load_some(const float *from, ptrdiff_t count) {
    const __mmask16 mask = count >= LANES ? 0xffff : count <= 0 ? 0 : (1u << count) - 1;
    return _mm512_maskz_loadu_ps(mask, from);
}

/// One tile of each part, from at most 16 indices and 32 steps; missing ones count as zero.
SPIND_TILES_INLINE void pack_tiles(struct operand square, bool pair_a_row, bfloat16 *tiles) {
    // Sixteen indices with their first and last sixteen steps, or else with their even and odd
    // steps: the two orders that a row of a tile is made of.
    __m512 first[LANES], second[LANES];
#pragma unroll
    for (ptrdiff_t i = 0; i < LANES; i++) {
        if (square.k_is_contiguous) {
            const float *row = square.first + i * square.leading;
            const ptrdiff_t steps = i < square.indices ? square.steps : 0;
            first[i] = load_some(row, steps);
            second[i] = load_some(row + LANES, steps - LANES);
        } else {
            const ptrdiff_t step = pair_a_row ? 2 * i : i, other = pair_a_row ? step + 1 : i + LANES;
            const float *rows = square.first;
            first[i] = load_some(
                rows + step * square.leading, step < square.steps ? square.indices : 0);
            second[i] = load_some(
                rows + other * square.leading, other < square.steps ? square.indices : 0);
        }
    }
    if (square.k_is_contiguous == pair_a_row) {
        transpose(first);
        transpose(second);
    }
    const __m512i in_order = _mm512_set_epi16(
        63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29, 27, 25, 23, 21, 19,
        17, 15, 13, 11, 9, 7, 5, 3, 1);
    const __m512i in_pairs = _mm512_set_epi16(
        63, 31, 61, 29, 59, 27, 57, 25, 55, 23, 53, 21, 51, 19, 49, 17, 47, 15, 45, 13, 43, 11, 41,
        9, 39, 7, 37, 5, 35, 3, 33, 1);
#pragma unroll
    for (int i = 0; i < LANES; i++) {
        if (!pair_a_row) {
            store_parts(first[i], second[i], in_order, tiles + i * K_BLOCK);
        } else if (!square.k_is_contiguous) {
            store_parts(first[i], second[i], in_pairs, tiles + i * K_BLOCK);
        } else {
            // After transposing, a vector is one step: pairs are neighbours.
            const __m512 *half = i < LANES / 2 ? first : second;
            const int step = 2 * i % LANES;
            store_parts(half[step], half[step + 1], in_pairs, tiles + i * K_BLOCK);
        }
    }
}

/// The k blocks of a panel of at most 32 indices, one after the other.
SPIND_TILES_INLINE void pack_panel(struct operand panel, bool pair_a_row, bfloat16 *packed) {
    for (ptrdiff_t step = 0; step < panel.steps; step += K_BLOCK, packed += PANEL_BLOCK) {
        pack_tiles(part_of(panel, 0, LANES, step, K_BLOCK), pair_a_row, packed);
        pack_tiles(part_of(panel, LANES, LANES, step, K_BLOCK), pair_a_row, packed + TILE);
    }
}
