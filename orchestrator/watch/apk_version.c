/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state of an apk repository: the index of each architecture. Upstream serves the newest alone,
 * under one name, so that an earlier one is there only where the check has kept it.
 */
#include <string.h>

#include "address.h"
#include "apk_fetch.h"
#include "apk_signature.h"
#include "fetching.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

/* Takes one index: verified, hashed, and written where it belongs. */
static int take(const struct rb_fetching *fetching, const char *architecture,
                const struct rb_got *got, struct rb_strlist *hashes, struct rb_err *err)
{
    char hex[RB_SHA256_HEX_SIZE];
    enum rb_trouble trouble;
    RB_CLEANUP_FREE struct rb_apk_signed *parts = rb_alloc(sizeof(*parts));
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/APKINDEX.tar.gz", architecture);
    int status = rb_apk_signed_split(got->data, got->size, got->shown, parts, err);
    if (status == 0)
        status = rb_apk_signed_verify(parts, fetching->source->apk.keys, got->shown, &trouble, err);
    if (status != 0)
        return status;
    rb_strlist_add(hashes, rb_sha256_of(parts->content, parts->content_size, hex));
    return rb_fetching_write(fetching, path, got->data, got->size, err);
}

/* Are these indexes the version? */
static bool are_version(const struct rb_fetching *fetching, const struct rb_strlist *hashes)
{
    char version[RB_SHA256_HEX_SIZE];
    rb_apk_version_of(fetching->source->apk.architectures, (const char *const *)hashes->items,
                      hashes->count, version);
    return rb_text_equal(version, fetching->version);
}

static bool take_kept(const struct rb_fetching *fetching)
{
    const struct rb_apk_source *source = &fetching->source->apk;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist hashes = {0};
    RB_CLEANUP_FREE char *folder = rb_apk_kept_folder(fetching->tools->cache_folder, source);
    for (const char *const *at = source->architectures; *at != NULL; at++) {
        RB_CLEANUP(rb_got_deinit) struct rb_got got = {0};
        RB_CLEANUP_FREE char *ending = rb_apk_kept_ending(*at);
        if (rb_fetching_read_kept(folder, fetching->version, ending, RB_APK_INDEX_MAXIMUM, &got,
                                  NULL) != 0 ||
            take(fetching, *at, &got, &hashes, NULL) != 0)
            return false;
    }
    return are_version(fetching, &hashes);
}

static int take_upstream(const struct rb_fetching *fetching, struct rb_err *err)
{
    const struct rb_apk_source *source = &fetching->source->apk;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist hashes = {0};
    RB_CLEANUP_FREE char *since = NULL;
    for (const char *const *at = source->architectures; *at != NULL; at++) {
        RB_CLEANUP(rb_got_deinit) struct rb_got got = {0};
        RB_CLEANUP_FREE char *url = rb_asprintf("%s/%s/APKINDEX.tar.gz", source->url, *at);
        int status = rb_fetching_download(fetching, url, NULL, RB_APK_INDEX_MAXIMUM, &got, err);
        if (status == 0)
            status = take(fetching, *at, &got, &hashes, err);
        if (status != 0)
            return status;
        rb_free(since);
        since = rb_steal(&got.last_modified);
    }
    if (are_version(fetching, &hashes))
        return 0;
    RB_CLEANUP_FREE char *shown = rb_address_shown(source->url);
    return rb_err_set(err, RB_ENOTFOUND,
                      "%s: the version %s is no longer there, and no copy of it is kept: the "
                      "repository has other indexes (Last-Modified: %s)",
                      shown, fetching->version, since != NULL ? since : "not told");
}

int rb_apk_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    int status = rb_fetching_want_sha256(fetching, err);
    if (status != 0 || take_kept(fetching))
        return status;
    return take_upstream(fetching, err);
}
