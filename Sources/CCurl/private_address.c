#include "private_address.h"

#include <string.h>

static bool is_private_4(const unsigned char *a) {
    return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224
        || (a[0] == 100 && (a[1] & 0xC0) == 64) || (a[0] == 169 && a[1] == 254)
        || (a[0] == 172 && (a[1] & 0xF0) == 16) || (a[0] == 192 && a[1] == 168)
        || (a[0] == 192 && a[1] == 0 && (a[2] == 0 || a[2] == 2))
        || (a[0] == 198 && (a[1] & 0xFE) == 18) || (a[0] == 198 && a[1] == 51 && a[2] == 100)
        || (a[0] == 203 && a[1] == 0 && a[2] == 113);
}

bool spind_address_is_private(const unsigned char *a, size_t bytes) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static const unsigned char translated[12] = {0, 0x64, 0xFF, 0x9B};
    if (bytes == 4) {
        return is_private_4(a);
    }
    if (bytes != 16) {
        return true;
    }
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, translated, 12) == 0) {
        return is_private_4(a + 12);
    }
    // Of all others only 2000::/3 is public; 2002::/16 holds an IPv4 address.
    if (a[0] == 0x20 && a[1] == 0x02) {
        return is_private_4(a + 2);
    }
    return (a[0] & 0xE0) != 0x20;
}
