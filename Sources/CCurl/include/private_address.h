#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Whether an address, in network byte order, is of a private, local or otherwise special network.
/// - Parameter bytes: 4 or 16.
bool spind_address_is_private(const unsigned char *address, size_t bytes);
