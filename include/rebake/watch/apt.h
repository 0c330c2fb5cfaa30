/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian repositories: is there a new state, is it signed by whom it must be, and what does it
 * offer. Format: wiki.debian.org/DebianRepository/Format; trust: apt-secure(8). The chain is
 * InRelease (gpgv against signed-by, judged on --status-fd) → sha256 of each index → Packages.
 */
#ifndef REBAKE_WATCH_APT_H
#define REBAKE_WATCH_APT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/clock.h"
#include "rebake/base/digest.h"
#include "rebake/base/err.h"
#include "rebake/net/http.h"
#include "rebake/watch/trouble.h"

struct rb_apt_file {
    const char *path; /* relative to the folder of the Release file */
    int64_t size_bytes;
    char sha256[RB_SHA256_HEX_SIZE];
};

/* A parsed Release file. */
struct rb_apt_release;
RB_NODISCARD int rb_apt_release_parse(const char *data, size_t size, const char *what,
                                      struct rb_apt_release **ret_release, struct rb_err *err);
void rb_apt_release_free(struct rb_apt_release *release); /* NULL is allowed */
const char *rb_apt_release_field(const struct rb_apt_release *release,
                                 const char *name); /* or NULL */
const struct rb_apt_file *rb_apt_release_file(const struct rb_apt_release *release,
                                              const char *path);          /* or NULL */
int64_t rb_apt_release_date(const struct rb_apt_release *release);        /* 0 when absent */
int64_t rb_apt_release_valid_until(const struct rb_apt_release *release); /* 0 when absent */
/* "yes" fields: Acquire-By-Hash, NotAutomatic, ButAutomaticUpgrades. */
bool rb_apt_release_flag(const struct rb_apt_release *release, const char *name);

struct rb_apt_request {
    const char *url; /* the archive's root: http, https or file */
    /* dists/SUITE; or, with a '/' at its end, the folder of a flat repository below url */
    const char *suite;
    const char *codename;          /* that the suite must have; NULL: that of the known state */
    const char *const *components; /* none for a flat repository */
    const char *const *architectures;
    const char *signed_by; /* absolute path of a keyring; armoured or binary */
    bool trusted;          /* no signature is asked for: only for an image that says so itself */
    bool may_be_old;       /* a Valid-Until that has passed is no error: a snapshot of the past */
    bool keeps_release;    /* so that an accepted state can be had later (rebake/watch/fetch.h) */
    const char
        *index_folder;      /* where indexes are kept, one a state and selection; made if absent */
    const char *known_hash; /* release hash of the last accepted state, or NULL */
    const char *known_codename;   /* its Codename, or NULL: another is refused with RB_EVERIFY */
    int64_t known_date_at;        /* its Date, or 0: an older one is refused with RB_EVERIFY */
    int64_t known_valid_until_at; /* its Valid-Until, or 0: refused once it has passed */
    const char *etag;             /* of the last InRelease, or NULL */
    const char *last_modified;
};

struct rb_apt_result {
    /* Nothing newer than known_hash, whose index is there: of the rest only etag, last_modified and
       the cost are set. */
    bool unchanged;
    char release_hash[RB_SHA256_HEX_SIZE]; /* of the signed content of the Release file */
    const struct rb_apt_release *release;
    const char *index_path; /* the offers of all asked components and architectures */
    size_t offer_count;
    const char *etag; /* both for the next request; may be NULL */
    const char *last_modified;
    struct rb_http_cost cost;
    /* Of a failure; NONE: what rb_trouble_of() says of the error. Of a success: NONE, or MOVED
       where the Release file was answered from elsewhere, for ever. */
    enum rb_trouble trouble;
};

/* error is NULL on success; on failure only the last two of result are set. Borrowed. */
typedef void rb_apt_cb(void *context, const struct rb_apt_result *result,
                       const struct rb_err *error);

/* Looks at a repository, asynchronously: for the daemon, and for a verb that runs its own loop.
   What is read is verified before it is believed. A state whose index file is already there costs
   no download, nor does a Packages file that is what it was in the newest index there; of one that
   has changed only the stanzas that have are parsed. RB_EVERIFY: no valid signature, a hash that
   does not match, a Date that went back, a Valid-Until that has passed, another Codename. */
struct rb_apt_fetch;
void rb_apt_fetch_start(struct rb_loop *loop, struct rb_http *http, const struct rb_clock *clock,
                        const struct rb_apt_request *request, rb_apt_cb *done, void *context,
                        struct rb_apt_fetch **ret_fetch);
void rb_apt_fetch_cancel(struct rb_apt_fetch *fetch); /* done will not come */

#endif
