/* SPDX-License-Identifier: Apache-2.0 */
/* A fetch under way: what it is given, and the steps that several kinds take. All of it blocks. */
#ifndef REBAKE_WATCH_FETCHING_H
#define REBAKE_WATCH_FETCHING_H

#include "gpgv.h"
#include "rebake/base/digest.h"
#include "rebake/watch/fetch.h"

struct rb_fetching {
    const struct rb_watch_tools *tools;
    const struct rb_source *source;
    const char *version;
    const json_t *detail; /* or NULL */
    const char *folder;   /* takes the version; not there yet */
    const char *scratch;  /* a private folder for what is needed on the way */
};

/* A kind's part (struct rb_check_kind). */
int rb_git_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);
int rb_image_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);
int rb_apt_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);
int rb_rpm_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);
int rb_apk_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);
int rb_language_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);
int rb_file_fetch_version(const struct rb_fetching *fetching, struct rb_err *err);

/* RB_EINVALID where the version is no SHA-256 in hexadecimal. */
RB_NODISCARD int rb_fetching_want_sha256(const struct rb_fetching *fetching, struct rb_err *err);

struct rb_got {
    char *data; /* NULL where it went into a file */
    size_t size;
    char sha256[RB_SHA256_HEX_SIZE];
    char *last_modified; /* or NULL */
    char *shown;         /* the URL, for errors */
    bool is_absent;      /* of a failure: the server has no such file */
};
void rb_got_deinit(struct rb_got *got); /* usable with RB_CLEANUP */

/* Downloads a file of at most maximum bytes into memory, or into a file whose folder is made; to be
   deinited in any case. */
RB_NODISCARD int rb_fetching_download(const struct rb_fetching *fetching, const char *url,
                                      const char *into, size_t maximum, struct rb_got *ret_got,
                                      struct rb_err *err);

/* Reads what was kept, FOLDER/HASH.ENDING. RB_ENOTFOUND without one. */
RB_NODISCARD int rb_fetching_read_kept(const char *folder, const char *hash, const char *ending,
                                       size_t maximum, struct rb_got *ret_got, struct rb_err *err);

/* Writes FOLDER-OF-THE-VERSION/path, with the folders that are missing. */
RB_NODISCARD int rb_fetching_write(const struct rb_fetching *fetching, const char *path,
                                   const void *data, size_t size, struct rb_err *err);

/* Copies a file of at most maximum bytes and tells its hash. */
RB_NODISCARD int rb_fetching_copy(const char *from, const char *into, size_t maximum,
                                  char ret_sha256[RB_SHA256_HEX_SIZE], struct rb_err *err);

/* rb_gpgv_start, to its end. */
RB_NODISCARD int rb_fetching_verify(const struct rb_fetching *fetching,
                                    const struct rb_gpgv_request *request, struct rb_err *err);

#endif
