#include <zlib.h>

// `deflateInit2` is a macro, which Swift does not see; 16 more window bits ask for gzip's head and tail.
static inline int spind_gzip_begin(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, MAX_WBITS + 16, MAX_MEM_LEVEL,
                        Z_DEFAULT_STRATEGY);
}
