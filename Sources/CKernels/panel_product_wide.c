#include "panel_product_wide.h"

#if defined(__x86_64__)

#define VECTOR_BITS 512
#include "panel_tiles.h"

bool spind_panel_product_is_wide(void) {
    return __builtin_cpu_supports("x86-64-v4");
}

VECTOR_KERNEL void spind_panel_product_compute_wide(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    compute_panels(product, first, last);
}

#else

bool spind_panel_product_is_wide(void) {
    return false;
}

void spind_panel_product_compute_wide(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last) {
    spind_panel_product_compute_narrow(product, first, last);
}

#endif
