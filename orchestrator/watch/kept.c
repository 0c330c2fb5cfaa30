/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/index.h"

void rb_kept_hash_list(struct rb_sha256 *hash, const char *const *list)
{
    for (; *list != NULL; list++)
        rb_sha256_update(hash, *list, strlen(*list) + 1);
    rb_sha256_update(hash, "", 1);
}

char *rb_kept_folder(const char *cache_folder, const char *kind, const char *const *texts,
                     const char *const *list)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    rb_kept_hash_list(hash, texts);
    rb_kept_hash_list(hash, list);
    return rb_asprintf("%s/%s/%.32s", cache_folder, kind, rb_sha256_hex(hash, hex));
}

char *rb_kept_path(const char *folder, const char *hash, const char *ending)
{
    return rb_asprintf("%s/%s.%s", folder, hash, ending);
}

bool rb_kept_index_is_there(const char *path, size_t *ret_offer_count)
{
    struct rb_index *index = NULL;
    if (rb_index_open(path, &index, NULL) != 0)
        return false;
    *ret_offer_count = rb_index_count(index);
    rb_index_close(index);
    return true;
}

void rb_kept_drop_others(const char *folder, const char *hash)
{
    DIR *kept = opendir(folder);
    const struct dirent *entry;
    while (kept != NULL && (entry = readdir(kept)) != NULL) {
        bool is_kept = rb_text_ends_with(entry->d_name, ".index") ||
                       rb_text_ends_with(entry->d_name, ".updateinfo.xml");
        if (is_kept && !rb_text_starts_with(entry->d_name, hash))
            (void)unlinkat(dirfd(kept), entry->d_name, 0);
    }
    if (kept != NULL)
        (void)closedir(kept);
}
