// libcurl's interface has variadic functions, which Swift cannot call, and its headers need not be
// there to build: the numbers below are part of its stable binary interface.

#include "webhook_post.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    OPTION_WRITE_DATA = 10001,
    OPTION_URL = 10002,
    OPTION_PROXY = 10004,
    OPTION_ERROR_BUFFER = 10010,
    OPTION_WRITE_FUNCTION = 20011,
    OPTION_POST_FIELDS = 10015,
    OPTION_HTTP_HEADER = 10023,
    OPTION_FOLLOW_LOCATION = 52,
    OPTION_NO_SIGNAL = 99,
    OPTION_TIMEOUT_MILLISECONDS = 155,
    OPTION_OPEN_SOCKET_FUNCTION = 20163,
    OPTION_OPEN_SOCKET_DATA = 10164,
    OPTION_PROTOCOLS = 181,
    OPTION_POST_FIELD_SIZE = 30120,
    INFO_RESPONSE_CODE = 0x200002,
    PROTOCOLS_HTTP_AND_HTTPS = 3,
    GLOBAL_ALL = 3,
    ERROR_SIZE = 256,
};

struct socket_address {
    int family;
    int type;
    int protocol;
    unsigned int length;
    struct sockaddr address;
};

struct list;

static int (*global_init)(long);
static void *(*easy_init)(void);
static int (*set_option)(void *, int, ...);
static int (*perform)(void *);
static int (*get_info)(void *, int, ...);
static void (*cleanup)(void *);
static struct list *(*append)(struct list *, const char *);
static void (*free_list)(struct list *);

bool spind_webhook_load(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof names / sizeof *names; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) {
        return false;
    }
    global_init = (int (*)(long))dlsym(library, "curl_global_init");
    easy_init = (void *(*)(void))dlsym(library, "curl_easy_init");
    set_option = (int (*)(void *, int, ...))dlsym(library, "curl_easy_setopt");
    perform = (int (*)(void *))dlsym(library, "curl_easy_perform");
    get_info = (int (*)(void *, int, ...))dlsym(library, "curl_easy_getinfo");
    cleanup = (void (*)(void *))dlsym(library, "curl_easy_cleanup");
    append = (struct list * (*)(struct list *, const char *)) dlsym(library, "curl_slist_append");
    free_list = (void (*)(struct list *))dlsym(library, "curl_slist_free_all");
    return global_init && easy_init && set_option && perform && get_info && cleanup && append
        && free_list && global_init(GLOBAL_ALL) == 0;
}

static bool is_private_4(const unsigned char *a) {
    return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224
        || (a[0] == 100 && (a[1] & 0xC0) == 64) || (a[0] == 169 && a[1] == 254)
        || (a[0] == 172 && (a[1] & 0xF0) == 16) || (a[0] == 192 && a[1] == 168)
        || (a[0] == 192 && a[1] == 0 && (a[2] == 0 || a[2] == 2))
        || (a[0] == 198 && (a[1] & 0xFE) == 18) || (a[0] == 198 && a[1] == 51 && a[2] == 100)
        || (a[0] == 203 && a[1] == 0 && a[2] == 113);
}

bool spind_webhook_is_private(const unsigned char *a, size_t bytes) {
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

/// The address that is really connected to is looked at, so that no name can lead elsewhere the
/// second time it is looked up.
static int open_public(void *refused, int purpose, struct socket_address *to) {
    (void)purpose;
    bool is_private = true;
    if (to->family == AF_INET) {
        const struct sockaddr_in *ip = (const struct sockaddr_in *)&to->address;
        is_private = spind_webhook_is_private((const unsigned char *)&ip->sin_addr, 4);
    } else if (to->family == AF_INET6) {
        const struct sockaddr_in6 *ip = (const struct sockaddr_in6 *)&to->address;
        is_private = spind_webhook_is_private((const unsigned char *)&ip->sin6_addr, 16);
    }
    if (is_private) {
        *(bool *)refused = true;
        return -1;
    }
    return socket(to->family, to->type | SOCK_CLOEXEC, to->protocol);
}

/// What the receiver says besides its status does not matter.
static size_t ignore(const char *data, size_t size, size_t count, void *context) {
    (void)data;
    (void)context;
    return size * count;
}

long spind_webhook_post(
    const char *url, const char *const *headers, const char *body, size_t bytes,
    long timeout_milliseconds, bool allows_private, char *problem, size_t problem_size) {
    char error[ERROR_SIZE] = "";
    bool is_refused = false;
    long status = 0;
    void *request = easy_init == NULL ? NULL : easy_init();
    if (request == NULL) {
        snprintf(problem, problem_size, "libcurl is not there");
        return 0;
    }
    struct list *lines = NULL;
    for (; *headers != NULL; headers++) {
        lines = append(lines, *headers);
    }
    set_option(request, OPTION_URL, url);
    set_option(request, OPTION_PROTOCOLS, (long)PROTOCOLS_HTTP_AND_HTTPS);
    set_option(request, OPTION_FOLLOW_LOCATION, 0L);
    set_option(request, OPTION_PROXY, "");
    set_option(request, OPTION_NO_SIGNAL, 1L);
    set_option(request, OPTION_TIMEOUT_MILLISECONDS, timeout_milliseconds);
    set_option(request, OPTION_HTTP_HEADER, lines);
    set_option(request, OPTION_POST_FIELD_SIZE, (long long)bytes);
    set_option(request, OPTION_POST_FIELDS, body);
    set_option(request, OPTION_ERROR_BUFFER, error);
    set_option(request, OPTION_WRITE_FUNCTION, ignore);
    set_option(request, OPTION_WRITE_DATA, NULL);
    if (!allows_private) {
        set_option(request, OPTION_OPEN_SOCKET_FUNCTION, open_public);
        set_option(request, OPTION_OPEN_SOCKET_DATA, &is_refused);
    }
    if (perform(request) == 0) {
        get_info(request, INFO_RESPONSE_CODE, &status);
    }
    if (status == 0) {
        const char *reason = is_refused ? "the address is of a private network" : error;
        snprintf(problem, problem_size, "%s", *reason ? reason : "no answer");
    }
    cleanup(request);
    free_list(lines);
    return status;
}
