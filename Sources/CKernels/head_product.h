#pragma once

#include <stdbool.h>
#include <stdint.h>

/// A matrix by its strides; `b` and `c` of a product have column stride 1.
typedef struct {
    const float *first;
    int64_t row_stride, column_stride;
} spind_matrix;

/// c[m, n] (+)= a[m, k] · b[k, n], for the small products of one attention head: no packing, any
/// strides of a.
void spind_head_product(
    int64_t m, int64_t n, int64_t k, spind_matrix a, spind_matrix b, float *c, int64_t c_row,
    bool accumulate);
