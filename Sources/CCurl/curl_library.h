#pragma once

// libcurl's interface has variadic functions, which Swift cannot call, and its headers need not be
// there to build: the numbers below are part of its stable binary interface.

enum {
    OPTION_PROXY = 10004,
    OPTION_URL = 10002,
    OPTION_ERROR_BUFFER = 10010,
    OPTION_HTTP_HEADER = 10023,
    OPTION_CUSTOM_REQUEST = 10036,
    OPTION_TRUST_FILE = 10065,
    OPTION_COPY_POST_FIELDS = 10165,
    OPTION_POST_FIELD_SIZE = 30120,
    OPTION_WRITE_DATA = 10001,
    OPTION_WRITE_FUNCTION = 20011,
    OPTION_HEADER_DATA = 10029,
    OPTION_HEADER_FUNCTION = 20079,
    OPTION_PROGRESS_DATA = 10057,
    OPTION_PROGRESS_FUNCTION = 20219,
    OPTION_NO_PROGRESS = 43,
    OPTION_FOLLOW_LOCATION = 52,
    OPTION_VERIFY_PEER = 64,
    OPTION_VERIFY_HOST = 81,
    OPTION_NO_SIGNAL = 99,
    OPTION_TIMEOUT_MILLISECONDS = 155,
    OPTION_CONNECT_TIMEOUT_MILLISECONDS = 156,
    OPTION_PROTOCOLS = 181,
    OPTION_OPEN_SOCKET_FUNCTION = 20163,
    OPTION_OPEN_SOCKET_DATA = 10164,
    INFO_RESPONSE_CODE = 0x200002,
    PROTOCOLS_HTTP_AND_HTTPS = 3,
    GLOBAL_ALL = 3,
    ERROR_SIZE = 256,
};

struct curl_list;

/// libcurl's functions, all NULL before `spind_curl_load`.
struct curl_library {
    int (*global_init)(long);
    void *(*easy_init)(void);
    int (*set_option)(void *, int, ...);
    int (*perform)(void *);
    int (*get_info)(void *, int, ...);
    void (*cleanup)(void *);
    struct curl_list *(*append)(struct curl_list *, const char *);
    void (*free_list)(struct curl_list *);
};

extern struct curl_library spind_curl;
