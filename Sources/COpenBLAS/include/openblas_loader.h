#pragma once

#include <stdbool.h>

/// Loads libopenblas with the kernels that suit this processor; call it once, before any other
/// function here.
///
/// A value that the user has set for OPENBLAS_CORETYPE is kept. Returns false when there is no
/// usable library. C because the variable is read while the library is loaded, so the program must
/// not be linked against it.
bool spind_openblas_load(void);

/// The kernel family OpenBLAS runs, such as "SkylakeX"; "" before loading.
const char *spind_openblas_core_name(void);

/// C[m, n] = op(A)·op(B) + beta·C, row-major, on the calling thread alone. Only after a successful
/// load. C because it calls through a pointer that was looked up at run time.
void spind_openblas_sgemm(
    bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int leading_a,
    const float *b, int leading_b, float beta, float *c, int leading_c);
