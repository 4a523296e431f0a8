#pragma once

#include <stdint.h>

/// One head's geometry. Strides are distances in floats between successive rows of one head.
typedef struct {
    int64_t head_size;
    int64_t query_stride, output_stride;
    /// A query sees the last `window` positions, its own among them; 0 sees all.
    int64_t window;
    /// Multiplies the scores.
    float scale;
} spind_attention_shape;

/// Keys and values of successive positions, [count, head_size] with rows `stride` floats apart.
typedef struct {
    const float *keys, *values;
    int64_t count, stride;
} spind_key_run;

/// The gradients of a `spind_key_run`, laid out as it is.
typedef struct {
    float *dkeys, *dvalues;
} spind_key_run_gradient;

/// Floats of scratch that the functions below need for keys up to `positions`.
int64_t spind_attention_scratch(int64_t head_size, int64_t positions);

/// Causal attention of one head. Query i stands at `first_position` + i; the runs hold the keys from
/// position 0 on, one after the other, at least up to the last query. `log_sum_exp` [queries] may be
/// null.
void spind_attention_forward(
    spind_attention_shape shape, int64_t query_count, int64_t first_position, const float *queries,
    const spind_key_run *runs, int64_t run_count, float *output, float *log_sum_exp,
    float *scratch);

/// dqueries (strides as queries) is overwritten, each run's gradients are added to. The scores are
/// computed again from `log_sum_exp`, which costs less than keeping them.
void spind_attention_backward(
    spind_attention_shape shape, int64_t query_count, int64_t first_position, const float *queries,
    const spind_key_run *runs, int64_t run_count, const float *output, const float *doutput,
    const float *log_sum_exp, float *dqueries, const spind_key_run_gradient *gradients,
    float *scratch);

/// Attention of a single position's `heads` adjacent query heads, which share one key head, over
/// all of `run`: reads the keys and the values once. Scratch: heads · run.count floats. `output`
/// [heads, head_size].
void spind_attention_decode(
    spind_attention_shape shape, int64_t heads, const float *queries, spind_key_run run,
    float *output,
    float *scratch);
