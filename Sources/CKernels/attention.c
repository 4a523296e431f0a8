#include "attention.h"

#include "fast_math.h"
#include "head_product.h"
#include "kernel_attributes.h"
#include <math.h>

// C because Swift does not vectorise loops with exp in them, nor a maximum.
//
// A block of queries lies across the vector lanes: scores are stored [key, query], so that maximum
// and sum of the softmax run down the columns and need no sum across lanes, and keys and values are
// read where they are.

// Not more queries than this: half of the keys a block sees on its diagonal are seen in vain.
enum { query_block = 32, lane_count = 16 };

/// A block of queries, and the keys that at least one of them sees.
typedef struct {
    /// Queries, and the same rounded up to whole vectors.
    int64_t count, width;
    /// First query in the call, and its position.
    int64_t first, first_position;
    /// Positions [first_key, end_key) are visible.
    int64_t first_key, end_key;
} block;

SPIND_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
SPIND_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

SPIND_INLINE block make_block(
    spind_attention_shape shape, int64_t first, int64_t query_count, int64_t first_position
) {
    block b;
    b.count = smaller(query_block, query_count - first);
    b.width = (b.count + lane_count - 1) / lane_count * lane_count;
    b.first = first;
    b.first_position = first_position + first;
    b.first_key = shape.window > 0 ? larger(0, b.first_position - shape.window + 1) : 0;
    b.end_key = b.first_position + b.count;
    return b;
}

/// packed[head_size, width] = factor · xᵀ, with zeros in the lanes that have no query.
SPIND_KERNEL
static void pack(
    int64_t head_size, int64_t stride, block b, float factor, const float *x, float *packed) {
    for (int64_t d = 0; d < head_size; d++) {
        for (int64_t q = 0; q < b.count; q++) packed[d * b.width + q] = factor * x[q * stride + d];
        for (int64_t q = b.count; q < b.width; q++) packed[d * b.width + q] = 0;
    }
}

/// The keys of one run that a block sees: `count` of them from the run's key `first` on, whose scores
/// begin at row `row` of the block's.
typedef struct {
    int64_t first, count, row;
} part;

/// - `start`: the position of the run's first key.
SPIND_INLINE part visible_part(block b, const spind_key_run *run, int64_t start) {
    const int64_t begin = larger(b.first_key, start);
    return (part){
        begin - start, smaller(b.end_key, start + run->count) - begin, begin - b.first_key};
}

/// Successive runs of keys, the first one from position 0 on.
typedef struct {
    const spind_key_run *runs;
    int64_t count;
} key_runs;

/// Which rows of a run.
typedef enum { KEYS, VALUES } side;

SPIND_INLINE spind_matrix rows_from(const spind_key_run *run, side which, int64_t first) {
    const float *rows = which == KEYS ? run->keys : run->values;
    return (spind_matrix){rows + first * run->stride, run->stride, 1};
}

/// out[keys, width] = rows · packed.
SPIND_INLINE void multiply_runs(
    int64_t head_size, block b, key_runs keys, side which, const float *packed, float *out
) {
    const spind_matrix columns = {packed, b.width, 1};
    for (int64_t i = 0, start = 0; i < keys.count; start += keys.runs[i++].count) {
        const spind_key_run *const run = &keys.runs[i];
        const part p = visible_part(b, run, start);
        if (p.count <= 0) continue;
        spind_head_product(
            p.count, b.width, head_size, rows_from(run, which, p.first), columns,
            out + p.row * b.width, b.width, false);
    }
}

/// out[queries, head_size] = Σ over keys of weights[key, query] · rows[key].
SPIND_INLINE void combine_runs(
    int64_t head_size, block b, key_runs keys, side which, const float *weights, float *out,
    int64_t out_stride
) {
    for (int64_t i = 0, start = 0; i < keys.count; start += keys.runs[i++].count) {
        const spind_key_run *const run = &keys.runs[i];
        const part p = visible_part(b, run, start);
        if (p.count <= 0) continue;
        const spind_matrix over = {weights + p.row * b.width, 1, b.width};
        spind_head_product(
            b.count, head_size, p.count, over, rows_from(run, which, p.first), out, out_stride,
            p.row > 0);
    }
}

/// drows[key] += Σ over queries of weights[key, query] · x[query].
SPIND_INLINE void scatter_runs(
    int64_t head_size, block b, key_runs keys, side which, const float *weights, const float *x,
    int64_t x_stride, const spind_key_run_gradient *gradients
) {
    const spind_matrix queries = {x, x_stride, 1};
    for (int64_t i = 0, start = 0; i < keys.count; start += keys.runs[i++].count) {
        const spind_key_run *const run = &keys.runs[i];
        const part p = visible_part(b, run, start);
        if (p.count <= 0) continue;
        const spind_matrix over = {weights + p.row * b.width, b.width, 1};
        float *const drows = which == KEYS ? gradients[i].dkeys : gradients[i].dvalues;
        spind_head_product(
            p.count, head_size, b.count, over, queries, drows + p.first * run->stride,
            run->stride, true);
    }
}

/// What each lane's query may see: positions above `oldest` and up to `newest`.
typedef struct {
    int32_t oldest[query_block], newest[query_block];
} horizon;

SPIND_INLINE horizon make_horizon(spind_attention_shape shape, block b) {
    horizon h;
    for (int64_t q = 0; q < b.width; q++) {
        const int64_t position = b.first_position + smaller(q, b.count - 1);
        h.newest[q] = (int32_t)position;
        h.oldest[q] = shape.window > 0 ? (int32_t)(position - shape.window) : -1;
    }
    return h;
}

/// scores[key, query] becomes exp(score − maximum), 0 where the query may not look.
SPIND_KERNEL
static void exponentiate(const horizon *h, block b, float *scores, float *maximum, float *sum) {
    for (int64_t q = 0; q < b.width; q++) {
        maximum[q] = -INFINITY;
        sum[q] = 0;
    }
    float *row = scores;
    for (int32_t key = (int32_t)b.first_key; key < b.end_key; key++, row += b.width) {
        for (int64_t q = 0; q < b.width; q++) {
            const float score = ((key <= h->newest[q]) & (key > h->oldest[q])) ? row[q] : -INFINITY;
            row[q] = score;
            maximum[q] = score > maximum[q] ? score : maximum[q];
        }
    }
    row = scores;
    for (int64_t key = b.first_key; key < b.end_key; key++, row += b.width) {
        for (int64_t q = 0; q < b.width; q++) {
            const float e = spind_exp(row[q] - maximum[q]);
            row[q] = e;
            sum[q] += e;
        }
    }
}

SPIND_INLINE float dot(int64_t n, const float *restrict a, const float *restrict b) {
    float sum = 0;
    for (int64_t d = 0; d < n; d++) sum += a[d] * b[d];
    return sum;
}

int64_t spind_attention_scratch(int64_t head_size, int64_t positions) {
    return 2 * query_block * (head_size + positions);
}

SPIND_KERNEL
void spind_attention_forward(
    spind_attention_shape shape, int64_t query_count, int64_t first_position, const float *queries,
    const spind_key_run *runs, int64_t run_count, float *output, float *log_sum_exp, float *scratch
) {
    const key_runs keys = {runs, run_count};
    float *packed = scratch, *scores = scratch + query_block * shape.head_size;
    for (int64_t first = 0; first < query_count; first += query_block) {
        const block b = make_block(shape, first, query_count, first_position);
        const horizon h = make_horizon(shape, b);
        float maximum[query_block], sum[query_block];
        pack(
            shape.head_size, shape.query_stride, b, shape.scale,
            queries + first * shape.query_stride, packed);
        multiply_runs(shape.head_size, b, keys, KEYS, packed, scores);
        exponentiate(&h, b, scores, maximum, sum);

        float *out = output + first * shape.output_stride;
        combine_runs(shape.head_size, b, keys, VALUES, scores, out, shape.output_stride);
        for (int64_t q = 0; q < b.count; q++) {
            const float share = 1 / sum[q];
            for (int64_t d = 0; d < shape.head_size; d++) out[q * shape.output_stride + d] *= share;
            if (log_sum_exp) log_sum_exp[first + q] = maximum[q] + logf(sum[q]);
        }
    }
}

/// scores become probabilities; dprobabilities become dscores (with the scale of the scores' own
/// product inside).
SPIND_KERNEL
static void softmax_backward(
    const horizon *h, block b, float scale, const float *log_sum_exp, const float *correction,
    float *scores,
    float *dprobabilities
) {
    for (int32_t key = (int32_t)b.first_key; key < b.end_key; key++) {
        for (int64_t q = 0; q < b.width; q++) {
            const float e = spind_exp(scores[q] - log_sum_exp[q]);
            const float probability = ((key <= h->newest[q]) & (key > h->oldest[q])) ? e : 0;
            scores[q] = probability;
            dprobabilities[q] = scale * probability * (dprobabilities[q] - correction[q]);
        }
        scores += b.width;
        dprobabilities += b.width;
    }
}

SPIND_KERNEL
void spind_attention_backward(
    spind_attention_shape shape, int64_t query_count, int64_t first_position, const float *queries,
    const spind_key_run *runs, int64_t run_count, const float *output, const float *doutput,
    const float *log_sum_exp, float *dqueries, const spind_key_run_gradient *gradients,
    float *scratch
) {
    const key_runs keys = {runs, run_count};
    const int64_t stride = shape.output_stride;
    float *packed = scratch, *scores = scratch + query_block * shape.head_size;
    for (int64_t first = 0; first < query_count; first += query_block) {
        const block b = make_block(shape, first, query_count, first_position);
        const horizon h = make_horizon(shape, b);
        const float *q = queries + first * shape.query_stride;
        const float *out = output + first * stride, *dout = doutput + first * stride;
        float *dscores = scores + (b.end_key - b.first_key) * b.width;

        // Σ over keys of probability · dprobability is, for each query, output · doutput.
        float correction[query_block] = {0}, normalizer[query_block] = {0};
        for (int64_t i = 0; i < b.count; i++) {
            normalizer[i] = log_sum_exp[first + i];
            correction[i] = dot(shape.head_size, out + i * stride, dout + i * stride);
        }
        pack(shape.head_size, shape.query_stride, b, shape.scale, q, packed);
        multiply_runs(shape.head_size, b, keys, KEYS, packed, scores);
        pack(shape.head_size, stride, b, 1, dout, packed);
        multiply_runs(shape.head_size, b, keys, VALUES, packed, dscores);
        softmax_backward(&h, b, shape.scale, normalizer, correction, scores, dscores);

        scatter_runs(shape.head_size, b, keys, VALUES, scores, dout, stride, gradients);
        scatter_runs(shape.head_size, b, keys, KEYS, dscores, q, shape.query_stride, gradients);
        combine_runs(
            shape.head_size, b, keys, KEYS, dscores, dqueries + first * shape.query_stride,
            shape.query_stride);
    }
}
