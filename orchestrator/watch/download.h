/* SPDX-License-Identifier: Apache-2.0 */
/* One file of an upstream, with what it cost: by HTTP, or from a folder of this machine where the
   URL is file:/PATH; into memory, or into a file of ours. */
#ifndef REBAKE_WATCH_DOWNLOAD_H
#define REBAKE_WATCH_DOWNLOAD_H

#include "rebake/base/digest.h"
#include "rebake/base/strbuf.h"
#include "rebake/net/http.h"

struct rb_download {
    struct rb_http_transfer *transfer; /* NULL when none is under way */
    bool is_reading;                   /* a local file, in the pool: it cannot be ended */
    char *path;                        /* of that file */
    size_t maximum;
    struct rb_strbuf body;
    char *into; /* the file that takes the body's place, hashed as it comes; NULL: none */
    int into_fd;
    struct rb_sha256 *into_hash;
    int64_t into_bytes;
    char into_sha256[RB_SHA256_HEX_SIZE];
    struct rb_err into_err; /* code RB_OK: it could be written */
    int status;             /* HTTP status of the last answer */
    bool moved;             /* and an answer on the way to it was 301 or 308 */
    bool has_condition;
    char *etag; /* of the last answer, or NULL */
    char *last_modified;
    /* of all since the beginning */
    struct rb_http_cost cost;
    char *shown;          /* names the last one */
    struct rb_err err;    /* when the last one failed; code RB_OK otherwise */
    struct rb_err absent; /* when the server has no such file; code RB_OK otherwise */
    void (*done)(void *context);
    void *context;
};

struct rb_download_ask {
    const char *url;
    const char *shown; /* names it in errors */
    size_t maximum;    /* bytes */
    int64_t timeout_ms;
    const char *etag; /* both NULL: asked for whatever it is */
    const char *last_modified;
    const char *accept; /* the media type that is asked for; NULL: any */
    const char *into;   /* by HTTP: a file to write, replaced if it is there; NULL: into memory */
};

void rb_download_init(struct rb_download *download, void (*done)(void *context), void *context);
/* Ends a transfer under way; not while it is reading. */
void rb_download_deinit(struct rb_download *download);

/* done is called once, later: then err is set, or absent is, or status is 200 or, where the ask had
   a condition, 304. */
void rb_download_start(struct rb_download *download, struct rb_loop *loop, struct rb_http *http,
                       const struct rb_download_ask *ask);

#endif
