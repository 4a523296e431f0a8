#include "attention.h"

#include "fast_math.h"
#include "kernel_attributes.h"
#include "skinny_product.h"
#include <math.h>

// C because Swift does not vectorise loops with exp in them, nor keeps sums in vector registers.

// Vectors are passed to inlined functions only, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16, MOST_HEADS = 4, MOST_VECTORS = 4 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));

SPIND_INLINE int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/// Turns each head's scores [count] into probabilities.
SPIND_INLINE void softmax(int64_t heads, int64_t count, float scale, float *scores) {
    for (int64_t h = 0; h < heads; h++, scores += count) {
        float maximum = -INFINITY, sum = 0;
        for (int64_t key = 0; key < count; key++) {
            scores[key] *= scale;
            maximum = scores[key] > maximum ? scores[key] : maximum;
        }
        for (int64_t key = 0; key < count; key++) {
            scores[key] = spind_exp(scores[key] - maximum);
            sum += scores[key];
        }
        const float share = 1 / sum;
        for (int64_t key = 0; key < count; key++) {
            scores[key] *= share;
        }
    }
}

/// Some channels of some heads' outputs: what the values [count] contribute to them.
struct piece {
    /// Rows `value_stride` apart.
    const float *values;
    /// [heads, count]
    const float *probabilities;
    /// Rows `head_size` apart.
    float *output;
    int64_t count, value_stride, head_size;
};

/// A piece of 16 · `vectors` channels whose sums all stay in registers.
SPIND_INLINE void combine_vectors(
    const struct piece *piece, const int heads, const int vectors) {
    lanes sums[MOST_HEADS][MOST_VECTORS] = {0};
    const float *values = piece->values;
    for (int64_t key = 0; key < piece->count; key++, values += piece->value_stride) {
        lanes value[MOST_VECTORS];
#pragma unroll
        for (int v = 0; v < vectors; v++) {
            value[v] = *(const lanes *)(values + v * LANES);
        }
#pragma unroll
        for (int h = 0; h < heads; h++) {
            const float probability = piece->probabilities[h * piece->count + key];
#pragma unroll
            for (int v = 0; v < vectors; v++) {
                sums[h][v] += probability * value[v];
            }
        }
    }
#pragma unroll
    for (int h = 0; h < heads; h++) {
#pragma unroll
        for (int v = 0; v < vectors; v++) {
            *(lanes *)(piece->output + h * piece->head_size + v * LANES) = sums[h][v];
        }
    }
}

/// The switch gives the compiler the number of heads, which registers depend on.
SPIND_INLINE void combine_heads(const struct piece *piece, int64_t heads, const int vectors) {
    switch (heads) {
    case 1: combine_vectors(piece, 1, vectors); break;
    case 2: combine_vectors(piece, 2, vectors); break;
    case 3: combine_vectors(piece, 3, vectors); break;
    default: combine_vectors(piece, MOST_HEADS, vectors); break;
    }
}

/// One channel at a time, for those that do not fill a vector.
SPIND_INLINE void combine_channels(const struct piece *piece, int64_t heads, int64_t channels) {
    for (int64_t h = 0; h < heads; h++) {
        for (int64_t c = 0; c < channels; c++) {
            float sum = 0;
            for (int64_t key = 0; key < piece->count; key++) {
                sum += piece->probabilities[h * piece->count + key]
                    * piece->values[key * piece->value_stride + c];
            }
            piece->output[h * piece->head_size + c] = sum;
        }
    }
}

/// output [heads, head_size] = Σ over keys of probabilities [heads, key] · values [key, head_size].
SPIND_INLINE void combine(struct piece piece, int64_t heads) {
    const int64_t whole = piece.head_size - piece.head_size % LANES;
    int64_t c = 0;
    while (c < whole) {
        const int vectors = whole - c >= MOST_VECTORS * LANES ? MOST_VECTORS : 1;
        if (vectors == MOST_VECTORS) {
            combine_heads(&piece, heads, MOST_VECTORS);
        } else {
            combine_heads(&piece, heads, 1);
        }
        piece.values += vectors * LANES;
        piece.output += vectors * LANES;
        c += vectors * LANES;
    }
    combine_channels(&piece, heads, piece.head_size - whole);
}

SPIND_KERNEL
void spind_attention_decode(
    spind_attention_shape shape, int64_t heads, const float *queries, spind_key_run run,
    float *output,
    float *scratch
) {
    const int64_t n = shape.head_size, count = run.count;
    const struct spind_skinny_product scores = {
        .activations = queries,
        .weights = run.keys,
        .results = scratch,
        .m = heads,
        .n = count,
        .k = n,
        .activation_stride = n,
        .weight_stride = run.stride,
        .result_stride = count,
    };
    spind_skinny_product_compute(&scores, 0, count);
    softmax(heads, count, shape.scale, scratch);
    for (int64_t first = 0; first < heads; first += MOST_HEADS) {
        const struct piece piece = {
            .values = run.values,
            .probabilities = scratch + first * count,
            .output = output + first * n,
            .count = count,
            .value_stride = run.stride,
            .head_size = n,
        };
        combine(piece, smaller(heads - first, MOST_HEADS));
    }
}
