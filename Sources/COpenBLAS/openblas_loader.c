#include "openblas_loader.h"

#include <dlfcn.h>
#include <stdlib.h>

// Values of cblas.h, which is not included so that the library's headers are not needed to build.
enum { ROW_MAJOR = 101, NOT_TRANSPOSED = 111, TRANSPOSED = 112 };

typedef void sgemm_function(
    int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
    int leading_a, const float *b, int leading_b, float beta, float *c, int leading_c);
typedef char *core_name_function(void);
typedef void set_threads_function(int count);

static sgemm_function *sgemm;
static core_name_function *core_name;

/// OpenBLAS falls back to SSE3 kernels on processors it does not know: up to ten times slower than
/// these.
static const char *best_core(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return "SKYLAKEX";
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return "HASWELL";
    }
#endif
    return NULL;
}

bool spind_openblas_load(void) {
    const char *core = best_core();
    if (core != NULL) {
        setenv("OPENBLAS_CORETYPE", core, 0);
    }
    // Otherwise the library starts threads of its own, which would never get work.
    setenv("OPENBLAS_NUM_THREADS", "1", 0);

    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return false;
    }
    sgemm = (sgemm_function *)dlsym(library, "cblas_sgemm");
    core_name = (core_name_function *)dlsym(library, "openblas_get_corename");
    set_threads_function *set_threads =
        (set_threads_function *)dlsym(library, "openblas_set_num_threads");
    if (sgemm == NULL || core_name == NULL || set_threads == NULL) {
        return false;
    }
    set_threads(1);
    return true;
}

const char *spind_openblas_core_name(void) {
    return core_name == NULL ? "" : core_name();
}

void spind_openblas_sgemm(
    bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int leading_a,
    const float *b, int leading_b, float beta, float *c, int leading_c) {
    sgemm(
        ROW_MAJOR, transpose_a ? TRANSPOSED : NOT_TRANSPOSED,
        transpose_b ? TRANSPOSED : NOT_TRANSPOSED, m, n, k, 1.0f, a, leading_a, b, leading_b, beta,
        c, leading_c);
}
