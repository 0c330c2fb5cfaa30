/* SPDX-License-Identifier: Apache-2.0 */
#include "index_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

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

/* A file that cannot be looked at or removed is left for the next time: it does no harm. */
static void prune_file(int folder_fd, const char *name, int64_t now)
{
    struct stat status;
    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
        return;
    int64_t used_at = (int64_t)status.st_mtim.tv_sec * 1000;
    if (now - used_at > UNUSED_MAX_MS)
        (void)unlinkat(folder_fd, name, 0);
}

void rb_index_cache_prune(const char *path)
{
    /* Its time of change says when it was last of use. */
    (void)utimensat(AT_FDCWD, path, NULL, 0);
    RB_CLEANUP_FREE char *copy = rb_strdup(path);
    DIR *folder = opendir(dirname(copy));
    if (folder == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (rb_text_ends_with(entry->d_name, ".index"))
            prune_file(dirfd(folder), entry->d_name, rb_clock_now(&rb_clock_system));
    }
    (void)closedir(folder);
}
