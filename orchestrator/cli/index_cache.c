/* SPDX-License-Identifier: Apache-2.0 */
#include "index_cache.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static const int64_t UNUSED_MAX_MS = INT64_C(7) * 24 * 3600 * 1000;

char *rb_cli_cache_folder(const char *name)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    RB_CLEANUP_FREE char *folder = NULL;
    if (cache != NULL && *cache == '/')
        folder = rb_asprintf("%s/rebake/%s", cache, name);
    else if (home != NULL && *home == '/')
        folder = rb_asprintf("%s/.cache/rebake/%s", home, name);
    if (folder == NULL || rb_folder_make(folder, 0755, NULL) != 0 ||
        access(folder, W_OK | X_OK) != 0)
        return NULL;
    return rb_steal(&folder);
}

char *rb_index_cache_of(const char *cache_folder, const char *url, const char *suite)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *key = rb_asprintf("%s %s", url, suite);
    return rb_asprintf("%s/%.16s", cache_folder, rb_sha256_of(key, strlen(key), hex));
}

void rb_index_cache_prune(const char *path)
{
    RB_CLEANUP_FREE char *copy = rb_strdup(path);
    rb_file_note_use(path);
    rb_folder_prune(dirname(copy), ".index", UNUSED_MAX_MS);
}
