#include "skinny_product.h"

#include "kernel_attributes.h"

// Vectors are passed to inlined functions only, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

// Every tile shape has to add in the same order, so the compiler must not choose one.
#pragma clang fp reassociate(off)

enum { LANES = 16, BLOCK_FLOATS = 16 << 10 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef float half_lanes __attribute__((vector_size(2 * LANES), aligned(4)));
typedef float quarter_lanes __attribute__((vector_size(LANES), aligned(4)));

/// A rectangle of results: weight rows × activation rows, whose sums all stay in registers.
struct tile {
    const float *activations;
    const float *weights;
    float *results;
    const float *prefetched;
};

SPIND_INLINE lanes load(const float *from) {
    return *(const lanes *)from;
}

SPIND_INLINE lanes load_first(const float *from, ptrdiff_t count) {
    lanes values = {0};
    for (ptrdiff_t i = 0; i < count; i++) {
        values[i] = from[i];
    }
    return values;
}

SPIND_INLINE quarter_lanes fold_to_quarter(lanes sums) {
    const half_lanes half = __builtin_shufflevector(sums, sums, 0, 1, 2, 3, 4, 5, 6, 7)
        + __builtin_shufflevector(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15);
    return __builtin_shufflevector(half, half, 0, 1, 2, 3)
        + __builtin_shufflevector(half, half, 4, 5, 6, 7);
}

/// The four sums of four accumulators, each added up in the same order as by `fold_one`.
SPIND_INLINE quarter_lanes fold_four(lanes a, lanes b, lanes c, lanes d) {
    const quarter_lanes qa = fold_to_quarter(a), qb = fold_to_quarter(b);
    const quarter_lanes qc = fold_to_quarter(c), qd = fold_to_quarter(d);
    const quarter_lanes ab = __builtin_shufflevector(qa, qb, 0, 1, 4, 5)
        + __builtin_shufflevector(qa, qb, 2, 3, 6, 7);
    const quarter_lanes cd = __builtin_shufflevector(qc, qd, 0, 1, 4, 5)
        + __builtin_shufflevector(qc, qd, 2, 3, 6, 7);
    return __builtin_shufflevector(ab, cd, 0, 2, 4, 6)
        + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

SPIND_INLINE float fold_one(lanes sums) {
    const quarter_lanes quarter = fold_to_quarter(sums);
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

SPIND_INLINE void compute_tile(
    const struct spind_skinny_product *product, struct tile tile, const int weight_rows,
    const int activation_rows) {
    lanes sums[4][6] = {0};
    const ptrdiff_t k = product->k, whole = k - k % LANES;
    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        lanes weights[4];
#pragma unroll
        for (int row = 0; row < weight_rows; row++) {
            weights[row] = load(tile.weights + row * product->weight_stride + i);
            __builtin_prefetch(tile.prefetched + row * product->weight_stride + i);
        }
#pragma unroll
        for (int column = 0; column < activation_rows; column++) {
            const lanes activation =
                load(tile.activations + column * product->activation_stride + i);
#pragma unroll
            for (int row = 0; row < weight_rows; row++) {
                sums[row][column] += weights[row] * activation;
            }
        }
    }
    if (whole < k) {
#pragma unroll
        for (int row = 0; row < weight_rows; row++) {
            const lanes weight =
                load_first(tile.weights + row * product->weight_stride + whole, k - whole);
#pragma unroll
            for (int column = 0; column < activation_rows; column++) {
                sums[row][column] += weight
                    * load_first(
                        tile.activations + column * product->activation_stride + whole, k - whole);
            }
        }
    }
#pragma unroll
    for (int column = 0; column < activation_rows; column++) {
        float *results = tile.results + column * product->result_stride;
        if (weight_rows == 4) {
            quarter_lanes four =
                fold_four(sums[0][column], sums[1][column], sums[2][column], sums[3][column]);
            if (product->accumulate) {
                four += *(const quarter_lanes *)results;
            }
            *(quarter_lanes *)results = four;
        } else {
#pragma unroll
            for (int row = 0; row < weight_rows; row++) {
                const float sum = fold_one(sums[row][column]);
                results[row] = product->accumulate ? results[row] + sum : sum;
            }
        }
    }
}

/// Weight rows first ..< last times `piece` activation rows from `done` on.
SPIND_INLINE void compute_piece(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last, ptrdiff_t done,
    const int weight_rows, const int piece) {
    for (ptrdiff_t row = first; row < last; row += weight_rows) {
        const float *weights = product->weights + row * product->weight_stride;
        const struct tile tile = {
            .activations = product->activations + done * product->activation_stride,
            .weights = weights,
            .results = product->results + done * product->result_stride + row,
            // The first piece brings the weights into the cache, the others find them there.
            .prefetched = done == 0 ? weights + weight_rows * product->weight_stride : weights,
        };
        compute_tile(product, tile, weight_rows, piece);
    }
}

/// Weight rows first ..< last, a multiple of `weight_rows`, times all activations.
SPIND_INLINE void compute_block(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last,
    const int weight_rows, const int widest) {
    ptrdiff_t done = 0;
    while (done < product->m) {
        const ptrdiff_t rest = product->m - done;
        // Even pieces: 7 is 4 + 3 rather than 6 + 1.
        const ptrdiff_t pieces = (rest + widest - 1) / widest;
        const ptrdiff_t piece = (rest + pieces - 1) / pieces;
        switch (piece) {
        case 1: compute_piece(product, first, last, done, weight_rows, 1); break;
        case 2: compute_piece(product, first, last, done, weight_rows, 2); break;
        case 3: compute_piece(product, first, last, done, weight_rows, 3); break;
        case 4: compute_piece(product, first, last, done, weight_rows, 4); break;
        case 5: compute_piece(product, first, last, done, weight_rows, 5); break;
        default: compute_piece(product, first, last, done, weight_rows, 6); break;
        }
        done += piece;
    }
}

/// Weights are taken in blocks that stay in the second-level cache while all activations pass.
SPIND_INLINE void compute_blocks(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last,
    const int weight_rows, const int widest) {
    const ptrdiff_t whole = last - (last - first) % weight_rows;
    const ptrdiff_t tiles = BLOCK_FLOATS / (weight_rows * (product->k + 1)) + 1;
    const ptrdiff_t block = tiles * weight_rows;
    for (ptrdiff_t row = first; row < whole; row += block) {
        compute_block(
            product, row, whole - row < block ? whole : row + block, weight_rows, widest);
    }
    if (whole < last) {
        compute_block(product, whole, last, 1, widest);
    }
}

SPIND_KERNEL void spind_skinny_product_compute_narrow(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last) {
    compute_blocks(product, first, last, 2, 3);
}

#if defined(__x86_64__)
__attribute__((target("arch=x86-64-v4"))) static void compute_wide(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last) {
    compute_blocks(product, first, last, 4, 6);
}

void spind_skinny_product_compute(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last) {
    if (__builtin_cpu_supports("x86-64-v4")) {
        compute_wide(product, first, last);
    } else {
        spind_skinny_product_compute_narrow(product, first, last);
    }
}
#else
void spind_skinny_product_compute(
    const struct spind_skinny_product *product, ptrdiff_t first, ptrdiff_t last) {
    spind_skinny_product_compute_narrow(product, first, last);
}
#endif
