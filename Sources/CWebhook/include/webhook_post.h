#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Loads libcurl, which is needed only where webhooks are used.
/// - Returns: false when it is not installed.
bool spind_webhook_load(void);

/// Posts a body and waits for the status; follows no redirect and uses no proxy.
///
/// - Parameters:
///   - headers: `Name: value` each, the last one NULL.
///   - allows_private: whether addresses of private networks may be connected to.
///   - problem: gets the reason, ended by a null byte, where there is no status.
/// - Returns: the status; 0 where the server was not reached.
long spind_webhook_post(
    const char *url, const char *const *headers, const char *body, size_t bytes,
    long timeout_milliseconds, bool allows_private, char *problem, size_t problem_size);

/// Whether an address, in network byte order, is of a private, local or otherwise special network.
/// - Parameter bytes: 4 or 16.
bool spind_webhook_is_private(const unsigned char *address, size_t bytes);
