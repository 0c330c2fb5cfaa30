/* SPDX-License-Identifier: Apache-2.0 */
/* A file by the hash of its content: the kept one, or what upstream serves, if it is the same. */
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "fetching.h"
#include "kept.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const size_t FILE_MAXIMUM = (size_t)2 << 30;

/* The last part of the URL's path; "file" where there is none that may name one. */
static char *name_of(const char *url)
{
    const char *begin = strstr(url, "://");
    begin = begin != NULL ? begin + 3 : url;
    size_t size = strcspn(begin, "?#");
    const char *slash = memrchr(begin, '/', size);
    if (slash == NULL || slash + 1 == begin + size)
        return rb_strdup("file");
    char *name = rb_strndup(slash + 1, (size_t)(begin + size - slash - 1));
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return name;
    rb_free(name);
    return rb_strdup("file");
}

/* One that was spoilt is not the version any more. */
static bool take_kept(const struct rb_fetching *fetching, const char *into)
{
    char sha256[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *folder =
        rb_kept_source_folder(fetching->tools->cache_folder, RB_KEPT_FILES, fetching->source);
    RB_CLEANUP_FREE char *kept = rb_asprintf("%s/%s", folder, fetching->version);
    if (rb_file_exists(kept) && rb_fetching_copy(kept, into, FILE_MAXIMUM, sha256, NULL) == 0 &&
        rb_text_equal(sha256, fetching->version))
        return true;
    (void)unlink(into);
    return false;
}

int rb_file_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    RB_CLEANUP(rb_got_deinit) struct rb_got got = {0};
    const char *url = fetching->source->file.url;
    RB_CLEANUP_FREE char *name = name_of(url);
    RB_CLEANUP_FREE char *into = rb_asprintf("%s/%s", fetching->folder, name);
    int status = rb_fetching_want_sha256(fetching, err);
    if (status != 0 || take_kept(fetching, into))
        return status;
    status = rb_fetching_download(fetching, url, into, FILE_MAXIMUM, &got, err);
    if (status != 0 && got.is_absent)
        return rb_err_set(err, RB_ENOTFOUND,
                          "%s is no longer there, and no copy of the version %.12s is kept",
                          got.shown, fetching->version);
    if (status != 0 || rb_text_equal(got.sha256, fetching->version))
        return status;
    return rb_err_set(
        err, RB_EVERIFY,
        "%s is another file than the version %.12s: its SHA-256 is %s (Last-Modified: "
        "%s), and no copy of the version is kept",
        got.shown, fetching->version, got.sha256,
        got.last_modified != NULL ? got.last_modified : "not told");
}
