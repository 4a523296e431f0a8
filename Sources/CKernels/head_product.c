#include "head_product.h"

#include "kernel_attributes.h"

// C because the sums of a tile must stay in vector registers; Swift's SIMD types do not.

enum { lane_count = 16, most_rows = 8, most_vectors = 2 };

typedef float lanes __attribute__((vector_size(4 * lane_count), aligned(4), may_alias));

/// c[rows, vectors · 16] (+)= a[rows, k] · b[k, vectors · 16]; rows and vectors are constants where
/// this is inlined.
SPIND_INLINE void multiply_tile(
    const int rows, const int vectors, int64_t k, const float *a, int64_t a_row, int64_t a_column,
    const float *b,
    int64_t b_row, float *c, int64_t c_row, bool accumulate
) {
    lanes sums[most_rows][most_vectors];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = accumulate ? *(const lanes *)(c + r * c_row + v * lane_count) : (lanes){0};
        }
    }
    for (int64_t p = 0; p < k; p++) {
        lanes row[most_vectors];
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

/// All rows of some columns, in tiles of at most `most` rows.
SPIND_INLINE void multiply_columns(
    const int most, const int vectors, int64_t m, int64_t k, spind_matrix a, spind_matrix b,
    float *c, int64_t c_row, bool accumulate
) {
    int64_t r = 0;
#define TILES(rows)                                                                                \
    for (; r + rows <= m; r += rows)                                                               \
        multiply_tile(                                                                             \
            rows, vectors, k, a.first + r * a.row_stride, a.row_stride, a.column_stride, b.first,  \
            b.row_stride, c + r * c_row, c_row, accumulate)
    TILES(most);
    TILES(4);
    TILES(2);
    TILES(1);
#undef TILES
}

SPIND_INLINE void multiply(
    const int rows, const int vectors, int64_t m, int64_t n, int64_t k, spind_matrix a,
    spind_matrix b, float *c, int64_t c_row, bool accumulate
) {
    int64_t j = 0;
    for (; j + vectors * lane_count <= n; j += vectors * lane_count, b.first += vectors * lane_count)
        multiply_columns(rows, vectors, m, k, a, b, c + j, c_row, accumulate);
    for (; j + lane_count <= n; j += lane_count, b.first += lane_count)
        multiply_columns(rows, 1, m, k, a, b, c + j, c_row, accumulate);
    if (j < n) multiply_narrow(m, n - j, k, a, b, c + j, c_row, accumulate);
}

/// Sums in 12 of 16 registers of 256 bits.
SPIND_KERNEL
static void multiply_in_halves(
    int64_t m, int64_t n, int64_t k, spind_matrix a, spind_matrix b, float *c, int64_t c_row,
    bool accumulate
) {
    multiply(6, 1, m, n, k, a, b, c, c_row, accumulate);
}

#if defined(__x86_64__)
/// Sums in 16 of 32 registers of 512 bits, which the compiler would halve without `min_vector_width`.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void multiply_wide(
    int64_t m, int64_t n, int64_t k, spind_matrix a, spind_matrix b, float *c, int64_t c_row,
    bool accumulate
) {
    multiply(most_rows, most_vectors, m, n, k, a, b, c, c_row, accumulate);
}
#endif

void spind_head_product(
    int64_t m, int64_t n, int64_t k, spind_matrix a, spind_matrix b, float *c, int64_t c_row,
    bool accumulate
) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) {
        multiply_wide(m, n, k, a, b, c, c_row, accumulate);
        return;
    }
#endif
    multiply_in_halves(m, n, k, a, b, c, c_row, accumulate);
}
