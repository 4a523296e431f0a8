#pragma once

#include "matrix_product.h"

/// Whether the processor has vectors of 512 bits.
bool spind_vector_product_is_usable(void);

/// Bytes of scratch memory, 64-byte aligned, that one call needs.
size_t spind_vector_product_scratch_bytes(void);

/// Computes C on the calling thread, with vectors of 512 bits.
///
/// Every result is summed over k in one fixed order: its bits depend neither on m and n nor on its
/// place in C. C because Swift has no vectors of 512 bits that stay in registers.
void spind_vector_product_compute(const struct spind_matrix_product *product, void *scratch);
