/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apk repositories of Alpine: is there a new state, is it signed by whom it must be, and what does
 * it offer. Each architecture has an index with its own signature.
 */
#ifndef REBAKE_WATCH_APK_FETCH_H
#define REBAKE_WATCH_APK_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "apk_index.h"
#include "rebake/base/clock.h"
#include "rebake/base/digest.h"
#include "rebake/net/http.h"
#include "rebake/pipelines/source.h"
#include "rebake/watch/trouble.h"

enum { RB_APK_INDEX_MAXIMUM = 64 << 20 };

/* Where what the source's checks keep is; the caller frees it. */
char *rb_apk_kept_folder(const char *cache_folder, const struct rb_apk_source *source);
/* How an architecture's index, as it was served, is called there behind the version's hash; of the
   newest 4 states. The caller frees it. */
char *rb_apk_kept_ending(const char *architecture);
/* What a version is: the hash of a line "ARCHITECTURE HASH" an architecture. */
void rb_apk_version_of(const char *const *architectures, const char *const *hashes, size_t count,
                       char ret_version[RB_SHA256_HEX_SIZE]);

/* One architecture's index. */
struct rb_apk_state {
    const char *hash; /* SHA-256 of what is signed, in hexadecimal; NULL: none is known */
    int64_t made_at;  /* 0: it does not say */
    const char *description;
    const char *etag; /* may be NULL, as the next */
    const char *last_modified;
};

struct rb_apk_request {
    const char *url; /* the folder of the architectures' folders: http, https or file */
    const char *const *architectures;
    const char *const *keys;
    const char *folder;               /* where what is kept of a state goes; made if absent */
    const char *known_hash;           /* of the last accepted state, or NULL */
    const struct rb_apk_state *known; /* of it, one an architecture */
};

struct rb_apk_result {
    /* Nothing newer than known_hash, whose index is there: of the rest only the states (without
       description) and the cost are set. */
    bool unchanged;
    char hash[RB_SHA256_HEX_SIZE];     /* of a line "ARCHITECTURE HASH" an architecture */
    const struct rb_apk_state *states; /* one an architecture */
    const char *index_path;            /* the offers of all of them */
    size_t offer_count;
    /* Of a failure, where it is known closer than by the error. Of a success: NONE, or MOVED where
       what the source names was answered from elsewhere, for ever. */
    enum rb_trouble trouble;
    struct rb_http_cost cost;
};

/* error is NULL on success; on failure only the last two of result are set. Borrowed. */
typedef void rb_apk_cb(void *context, const struct rb_apk_result *result,
                       const struct rb_err *error);

/* Looks at a repository; done comes once, later. */
struct rb_apk_fetch;
struct rb_apk_fetch *rb_apk_fetch_start(struct rb_loop *loop, struct rb_http *http,
                                        const struct rb_clock *clock,
                                        const struct rb_apk_request *request, rb_apk_cb *done,
                                        void *context);
void rb_apk_fetch_cancel(struct rb_apk_fetch *fetch); /* done will not come */

#endif
