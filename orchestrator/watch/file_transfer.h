/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer of a file source: into a file on disk, hashed as it comes, or into memory. */
#ifndef REBAKE_WATCH_FILE_TRANSFER_H
#define REBAKE_WATCH_FILE_TRANSFER_H

#include <stdbool.h>

#include "rebake/base/digest.h"
#include "rebake/base/strbuf.h"
#include "rebake/net/http.h"

struct rb_file_transfer {
    struct rb_http_transfer *transfer; /* NULL when none is under way */
    /* of the one under way or last */
    char *shown; /* names it in errors */
    int fd;      /* -1: into memory */
    struct rb_sha256 *hash;
    struct rb_strbuf body;
    struct rb_err write_error; /* code RB_OK: none */
    bool has_condition;
    int status; /* HTTP status */
    char *etag; /* NULL where there is none */
    char *last_modified;
    int64_t size_bytes;
    char sha256[RB_SHA256_HEX_SIZE];
    struct rb_err err; /* code RB_OK: it came, or (with a condition) is as it was */
    /* of all since the beginning */
    int requests;
    int64_t bytes;
    int64_t retry_after_ms; /* of the last answer */
    void (*done)(void *context);
    void *context;
};

struct rb_file_ask {
    const char *url;
    const char *path; /* where it goes, emptied first; NULL: into body */
    size_t maximum;   /* bytes */
    const char *etag; /* conditions, both may be NULL */
    const char *last_modified;
};

void rb_file_transfer_init(struct rb_file_transfer *transfer, void (*done)(void *context),
                           void *context);
void rb_file_transfer_deinit(struct rb_file_transfer *transfer); /* ends one under way */

/* Starts one; done is called once, later, when err is set or status is 200, or 304 where there was
   a condition. Fails, without done, when path cannot be written. */
RB_NODISCARD int rb_file_transfer_start(struct rb_file_transfer *transfer, struct rb_http *http,
                                        const struct rb_file_ask *ask, struct rb_err *err);

#endif
