#include "head_product.h"

#include "kernel_attributes.h"

// C because the sums of a tile must stay in vector registers; Swift's SIMD types do not.

enum { lane_count = 16, tile_rows = 8 };

typedef float lanes __attribute__((vector_size(4 * lane_count), aligned(4), may_alias));

/// c[rows, vectors · 16] (+)= a[rows, k] · b[k, vectors · 16]; rows and vectors are constants where
/// this is inlined.
SPIND_INLINE void multiply_tile(
    const int rows, const int vectors, int64_t k, const float *a, int64_t a_row, int64_t a_column,
    const float *b,
    int64_t b_row, float *c, int64_t c_row, bool accumulate
) {
    lanes sums[tile_rows][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = accumulate ? *(const lanes *)(c + r * c_row + v * lane_count) : (lanes){0};
        }
    }
    for (int64_t p = 0; p < k; p++) {
        lanes row[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) row[v] = *(const lanes *)(b + p * b_row + v * lane_count);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const float factor = a[r * a_row + p * a_column];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] += factor * row[v];
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) *(lanes *)(c + r * c_row + v * lane_count) = sums[r][v];
    }
}

/// The columns that do not fill a vector.
SPIND_INLINE void multiply_narrow(
    int64_t m, int64_t n, int64_t k, spind_matrix a, spind_matrix b, float *c, int64_t c_row,
    bool accumulate
) {
    for (int64_t r = 0; r < m; r++) {
        for (int64_t j = 0; j < n; j++) {
            float sum = accumulate ? c[r * c_row + j] : 0;
            for (int64_t p = 0; p < k; p++) {
                const float factor = a.first[r * a.row_stride + p * a.column_stride];
                sum += factor * b.first[p * b.row_stride + j];
            }
            c[r * c_row + j] = sum;
        }
    }
}

SPIND_KERNEL
void spind_head_product(
    int64_t m, int64_t n, int64_t k, spind_matrix a, spind_matrix b, float *c, int64_t c_row,
    bool accumulate
) {
#define TILE(rows, vectors)                                                                        \
    multiply_tile(                                                                                 \
        rows, vectors, k, a.first + r * a.row_stride, a.row_stride, a.column_stride, b.first + j,  \
        b.row_stride, c + r * c_row + j, c_row, accumulate)
    int64_t j = 0;
    for (; j + 2 * lane_count <= n; j += 2 * lane_count) {
        int64_t r = 0;
        for (; r + tile_rows <= m; r += tile_rows) TILE(tile_rows, 2);
        for (; r + 4 <= m; r += 4) TILE(4, 2);
        for (; r < m; r++) TILE(1, 2);
    }
    for (; j + lane_count <= n; j += lane_count) {
        int64_t r = 0;
        for (; r + tile_rows <= m; r += tile_rows) TILE(tile_rows, 1);
        for (; r < m; r++) TILE(1, 1);
    }
#undef TILE
    if (j < n) {
        spind_matrix rest = b;
        rest.first += j;
        multiply_narrow(m, n - j, k, a, rest, c + j, c_row, accumulate);
    }
}
