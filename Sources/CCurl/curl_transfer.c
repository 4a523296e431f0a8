#include "curl_transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "curl_library.h"
#include "private_address.h"

struct spind_curl_transfer {
    void *handle;
    struct curl_list *headers;
    spind_curl_receiver header;
    spind_curl_receiver body;
    void *context;
    long silence_milliseconds;
    /// When something was sent or came last.
    double last_sign;
    long long bytes_sent;
    bool is_silent;
    bool is_refused;
    char error[ERROR_SIZE];
};

/// As libcurl lays it out.
struct socket_address {
    int family;
    int type;
    int protocol;
    unsigned int length;
    struct sockaddr address;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static size_t receive_header(const char *data, size_t size, size_t count, void *context) {
    struct spind_curl_transfer *transfer = context;
    transfer->last_sign = now();
    if (transfer->header != NULL && !transfer->header(data, size * count, transfer->context)) {
        return 0;
    }
    return size * count;
}

static size_t receive_body(const char *data, size_t size, size_t count, void *context) {
    struct spind_curl_transfer *transfer = context;
    bool goes_on = transfer->body == NULL || transfer->body(data, size * count, transfer->context);
    // What the receiver took its time for is not the server's silence.
    transfer->last_sign = now();
    return goes_on ? size * count : 0;
}

/// Called once a second or more often; its own limits do not know a stream that is just quiet.
static int watch_silence(
    void *context, long long to_come, long long come, long long to_send, long long sent) {
    (void)to_come;
    (void)come;
    (void)to_send;
    struct spind_curl_transfer *transfer = context;
    if (sent != transfer->bytes_sent) {
        transfer->bytes_sent = sent;
        transfer->last_sign = now();
    }
    double silence = now() - transfer->last_sign;
    transfer->is_silent = transfer->silence_milliseconds > 0
        && silence > (double)transfer->silence_milliseconds;
    return transfer->is_silent;
}

/// The address that is really connected to is looked at, so that no name can lead elsewhere the
/// second time it is looked up.
static int open_public(void *context, int purpose, struct socket_address *to) {
    (void)purpose;
    bool is_private = true;
    if (to->family == AF_INET) {
        const struct sockaddr_in *ip = (const struct sockaddr_in *)&to->address;
        is_private = spind_address_is_private((const unsigned char *)&ip->sin_addr, 4);
    } else if (to->family == AF_INET6) {
        const struct sockaddr_in6 *ip = (const struct sockaddr_in6 *)&to->address;
        is_private = spind_address_is_private((const unsigned char *)&ip->sin6_addr, 16);
    }
    if (is_private) {
        ((struct spind_curl_transfer *)context)->is_refused = true;
        return -1;
    }
    return socket(to->family, to->type | SOCK_CLOEXEC, to->protocol);
}

struct spind_curl_transfer *spind_curl_new(const char *method, const char *url) {
    void *handle = spind_curl.easy_init == NULL ? NULL : spind_curl.easy_init();
    struct spind_curl_transfer *transfer = calloc(1, sizeof *transfer);
    if (handle == NULL || transfer == NULL) {
        if (handle != NULL) {
            spind_curl.cleanup(handle);
        }
        free(transfer);
        return NULL;
    }
    transfer->handle = handle;
    spind_curl.set_option(handle, OPTION_URL, url);
    spind_curl.set_option(handle, OPTION_CUSTOM_REQUEST, method);
    spind_curl.set_option(handle, OPTION_PROTOCOLS, (long)PROTOCOLS_HTTP_AND_HTTPS);
    spind_curl.set_option(handle, OPTION_FOLLOW_LOCATION, 0L);
    spind_curl.set_option(handle, OPTION_NO_SIGNAL, 1L);
    spind_curl.set_option(handle, OPTION_ERROR_BUFFER, transfer->error);
    spind_curl.set_option(handle, OPTION_HEADER_FUNCTION, receive_header);
    spind_curl.set_option(handle, OPTION_HEADER_DATA, transfer);
    spind_curl.set_option(handle, OPTION_WRITE_FUNCTION, receive_body);
    spind_curl.set_option(handle, OPTION_WRITE_DATA, transfer);
    spind_curl.set_option(handle, OPTION_NO_PROGRESS, 0L);
    spind_curl.set_option(handle, OPTION_PROGRESS_FUNCTION, watch_silence);
    spind_curl.set_option(handle, OPTION_PROGRESS_DATA, transfer);
    return transfer;
}

void spind_curl_free(struct spind_curl_transfer *transfer) {
    spind_curl.cleanup(transfer->handle);
    spind_curl.free_list(transfer->headers);
    free(transfer);
}

void spind_curl_add_header(struct spind_curl_transfer *transfer, const char *line) {
    struct curl_list *longer = spind_curl.append(transfer->headers, line);
    if (longer != NULL) {
        transfer->headers = longer;
    }
}

void spind_curl_set_body(struct spind_curl_transfer *transfer, const char *body, size_t bytes) {
    spind_curl.set_option(transfer->handle, OPTION_POST_FIELD_SIZE, (long long)bytes);
    spind_curl.set_option(transfer->handle, OPTION_COPY_POST_FIELDS, bytes > 0 ? body : "");
}

void spind_curl_set_patience(
    struct spind_curl_transfer *transfer, long connect, long silence, long whole) {
    spind_curl.set_option(transfer->handle, OPTION_CONNECT_TIMEOUT_MILLISECONDS, connect);
    spind_curl.set_option(transfer->handle, OPTION_TIMEOUT_MILLISECONDS, whole);
    transfer->silence_milliseconds = silence;
}

void spind_curl_go_straight(struct spind_curl_transfer *transfer) {
    spind_curl.set_option(transfer->handle, OPTION_PROXY, "");
}

void spind_curl_refuse_private(struct spind_curl_transfer *transfer) {
    spind_curl.set_option(transfer->handle, OPTION_OPEN_SOCKET_FUNCTION, open_public);
    spind_curl.set_option(transfer->handle, OPTION_OPEN_SOCKET_DATA, transfer);
}

void spind_curl_trust_anyone(struct spind_curl_transfer *transfer) {
    spind_curl.set_option(transfer->handle, OPTION_VERIFY_PEER, 0L);
    spind_curl.set_option(transfer->handle, OPTION_VERIFY_HOST, 0L);
}

void spind_curl_trust(struct spind_curl_transfer *transfer, const char *path) {
    spind_curl.set_option(transfer->handle, OPTION_TRUST_FILE, path);
}

void spind_curl_deliver(
    struct spind_curl_transfer *transfer, spind_curl_receiver header, spind_curl_receiver body,
    void *context) {
    transfer->header = header;
    transfer->body = body;
    transfer->context = context;
}

int spind_curl_perform(struct spind_curl_transfer *transfer) {
    spind_curl.set_option(transfer->handle, OPTION_HTTP_HEADER, transfer->headers);
    transfer->last_sign = now();
    int end = spind_curl.perform(transfer->handle);
    return transfer->is_silent ? SPIND_CURL_TOO_SLOW : end;
}

long spind_curl_status(struct spind_curl_transfer *transfer) {
    long status = 0;
    spind_curl.get_info(transfer->handle, INFO_RESPONSE_CODE, &status);
    return status;
}

const char *spind_curl_problem(struct spind_curl_transfer *transfer) {
    if (transfer->is_refused) {
        return "the address is of a private network";
    }
    if (transfer->is_silent) {
        return "nothing came for too long";
    }
    return *transfer->error != 0 ? transfer->error : "no answer";
}
