#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Loads libcurl, which is needed only where the program is an HTTP client.
/// - Returns: false when it is not installed.
bool spind_curl_load(void);

/// Takes a piece of an answer; false ends the transfer.
typedef bool (*spind_curl_receiver)(const char *data, size_t bytes, void *context);

/// One request and its answer; follows no redirect.
struct spind_curl_transfer;

/// - Returns: NULL where libcurl is not loaded or there is no memory.
struct spind_curl_transfer *spind_curl_new(const char *method, const char *url);
void spind_curl_free(struct spind_curl_transfer *transfer);

/// - Parameter line: `Name: value`, or `Name:` to leave out what libcurl would send by itself.
void spind_curl_add_header(struct spind_curl_transfer *transfer, const char *line);
/// The bytes are copied.
void spind_curl_set_body(struct spind_curl_transfer *transfer, const char *body, size_t bytes);
/// Limits in milliseconds, each 0 for none.
///
/// - Parameters:
///   - connect: until there is a connection.
///   - silence: between two signs of life, the first one counted from the start.
///   - whole: for everything.
void spind_curl_set_patience(
    struct spind_curl_transfer *transfer, long connect, long silence, long whole);
/// Uses no proxy, whatever the environment says.
void spind_curl_go_straight(struct spind_curl_transfer *transfer);
/// Connects to no address of a private network.
void spind_curl_refuse_private(struct spind_curl_transfer *transfer);
/// Takes any certificate.
void spind_curl_trust_anyone(struct spind_curl_transfer *transfer);
/// - Parameter path: a PEM file with the certificates to trust, in place of the system's.
void spind_curl_trust(struct spind_curl_transfer *transfer, const char *path);
/// Where the answer goes; without receivers, nowhere.
/// - Parameter header: gets one line at a time, the status line first.
void spind_curl_deliver(
    struct spind_curl_transfer *transfer, spind_curl_receiver header, spind_curl_receiver body,
    void *context);

/// Why a transfer ended; any other number is another of libcurl's reasons.
enum spind_curl_end {
    SPIND_CURL_COMPLETE = 0,
    SPIND_CURL_BAD_URL = 3,
    SPIND_CURL_NO_HOST = 6,
    SPIND_CURL_NO_CONNECTION = 7,
    SPIND_CURL_TOO_SLOW = 28,
    SPIND_CURL_NO_TLS = 35,
    SPIND_CURL_UNTRUSTED = 60,
    SPIND_CURL_BAD_TRUST_FILE = 77,
};

/// Sends the request and waits for the end of the answer.
int spind_curl_perform(struct spind_curl_transfer *transfer);
/// 0 as long as there is none.
long spind_curl_status(struct spind_curl_transfer *transfer);
/// The reason of an end that is not complete, in words.
const char *spind_curl_problem(struct spind_curl_transfer *transfer);
