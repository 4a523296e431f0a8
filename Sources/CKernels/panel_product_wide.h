#pragma once

#include "panel_product.h"

#include <stdbool.h>

/// Whether the processor has vectors of 512 bits.
bool spind_panel_product_is_wide(void);

/// As `spind_panel_product_compute`, with vectors of 512 bits.
void spind_panel_product_compute_wide(
    const struct spind_panel_product *product, ptrdiff_t first, ptrdiff_t last);
