#include "curl_library.h"

#include <dlfcn.h>

#include "curl_transfer.h"

struct curl_library spind_curl;

bool spind_curl_load(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof names / sizeof *names; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) {
        return false;
    }
    struct curl_library curl = {
        .global_init = (int (*)(long))dlsym(library, "curl_global_init"),
        .easy_init = (void *(*)(void))dlsym(library, "curl_easy_init"),
        .set_option = (int (*)(void *, int, ...))dlsym(library, "curl_easy_setopt"),
        .perform = (int (*)(void *))dlsym(library, "curl_easy_perform"),
        .get_info = (int (*)(void *, int, ...))dlsym(library, "curl_easy_getinfo"),
        .cleanup = (void (*)(void *))dlsym(library, "curl_easy_cleanup"),
        .append = (struct curl_list * (*)(struct curl_list *, const char *))
            dlsym(library, "curl_slist_append"),
        .free_list = (void (*)(struct curl_list *))dlsym(library, "curl_slist_free_all"),
    };
    bool is_whole = curl.global_init && curl.easy_init && curl.set_option && curl.perform
        && curl.get_info && curl.cleanup && curl.append && curl.free_list;
    if (!is_whole || curl.global_init(GLOBAL_ALL) != 0) {
        return false;
    }
    spind_curl = curl;
    return true;
}
