#pragma once

#include "matrix_product.h"

/// Whether the processor has matrix tiles (AMX) for bfloat16, and the system lets this process use
/// them.
bool spind_tile_product_is_usable(void);

/// Bytes of scratch memory, 64-byte aligned, that one call needs.
size_t spind_tile_product_scratch_bytes(void);

/// Computes C on the calling thread.
///
/// Float32 arithmetic on bfloat16 tiles: a float32 number is exactly the sum of three bfloat16
/// numbers, x = x₁ + x₂ + x₃ with |x₂| ≤ 2⁻⁸|x| and |x₃| ≤ 2⁻¹⁶|x|, and of the nine products of two
/// such sums the six that matter to float32 are added up in float32 (Henry, Tang, Heinecke 2019,
/// "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations").
/// What is left out is at most 2⁻²³ of each product. Below 2⁻¹⁰² the smaller
/// parts are subnormal, which tiles take for zero: such numbers have fewer bits. Numbers within 2⁻⁹
/// of the largest float32 count as infinite.
///
/// Every result is summed over k in one fixed order: its bits depend neither on m and n nor on its
/// place in C. C because tiles are intrinsics of the C compiler.
void spind_tile_product_compute(const struct spind_matrix_product *product, void *scratch);
