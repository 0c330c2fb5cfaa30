/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm repositories: is there a new state, is it signed by whom it must be, and what does it offer.
 * The chain is repomd.xml (gpgv against signed-by, or TLS where a source is openly unsigned) →
 * checksum of primary and updateinfo.
 */
#ifndef REBAKE_WATCH_RPM_FETCH_H
#define REBAKE_WATCH_RPM_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/clock.h"
#include "rebake/base/digest.h"
#include "rebake/net/http.h"
#include "rebake/watch/trouble.h"

#define RB_RPM_UPDATEINFO "updateinfo.xml" /* rb_kept_path's ending of it, unpacked */

struct rb_rpm_request {
    const char *url;        /* the folder that holds repodata/: http, https or file; or NULL: */
    const char *mirrorlist; /* where the mirrors are told */
    const char *const *architectures;
    const char *signed_by; /* absolute path of a keyring; NULL: unsigned */
    const char *folder;    /* where what is kept of a state goes; made if absent */
    /* Of the last accepted state; NULL or 0 without one. */
    const char *known_hash;
    const char *known_revision;
    int64_t known_newest_at;
    bool known_has_updateinfo;
    const char *made_ending; /* of what the caller makes of updateinfo (rb_kept_path): where it is
                                lost the state is; NULL: of nothing */
    const char *mirror;      /* that it came from: asked first */
    const char *etag;        /* of its repomd.xml there, or NULL */
    const char *last_modified;
};

struct rb_rpm_result {
    /* Nothing newer than known_hash, and what is kept of it is there: of the rest only mirror,
       etag, last_modified and the cost are set. */
    bool unchanged;
    char hash[RB_SHA256_HEX_SIZE]; /* of repomd.xml */
    const char *revision;
    int64_t newest_at;
    const char *index_path; /* the offers of the architectures */
    size_t offer_count;
    const char *updateinfo_path; /* unpacked, verified; NULL when there is none */
    size_t advisory_count;
    const char *mirror; /* NULL without a mirror list */
    const char *etag;
    const char *last_modified;
    /* Of a failure, where it is known closer than by the error. Of a success: NONE, or MOVED where
       what the source names was answered from elsewhere, for ever. */
    enum rb_trouble trouble;
    struct rb_http_cost cost;
};

/* error is NULL on success; on failure only the last two of result are set. Borrowed. */
typedef void rb_rpm_cb(void *context, const struct rb_rpm_result *result,
                       const struct rb_err *error);

/* Looks at a repository; done comes once, later. A mirror that fails or lies is passed over for the
   next one of up to six; what is told then is the gravest of their failures. */
struct rb_rpm_fetch;
struct rb_rpm_fetch *rb_rpm_fetch_start(struct rb_loop *loop, struct rb_http *http,
                                        const struct rb_clock *clock,
                                        const struct rb_rpm_request *request, rb_rpm_cb *done,
                                        void *context);
void rb_rpm_fetch_cancel(struct rb_rpm_fetch *fetch); /* done will not come */

#endif
