/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/file.h"
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

char *rb_kept_source_folder(const char *cache_folder, const char *family,
                            const struct rb_source *source)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_JSON json_t *spec = rb_source_spec(source);
    RB_CLEANUP_FREE char *text = rb_json_canonical(spec);
    rb_sha256_of(text, strlen(text), hex);
    return rb_asprintf("%s/%s/%.32s", cache_folder, family, hex);
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
                       strstr(entry->d_name, ".updateinfo.xml") != NULL;
        if (is_kept && !rb_text_starts_with(entry->d_name, hash))
            (void)unlinkat(dirfd(kept), entry->d_name, 0);
    }
    if (kept != NULL)
        (void)closedir(kept);
}

/* FOLDER/HASH, and what belongs to it, FOLDER/HASH.ENDING. */
static bool is_of_version(const char *name, const char *hash)
{
    return strcspn(name, ".") == RB_SHA256_HEX_SIZE - 1 && rb_text_starts_with(name, hash);
}

/* The newest version beside hash; "" without one. */
static void find_previous(DIR *folder, const char *hash, char ret_hash[RB_SHA256_HEX_SIZE])
{
    const struct dirent *entry;
    struct timespec newest = {0};
    ret_hash[0] = '\0';
    while ((entry = readdir(folder)) != NULL) {
        struct stat status;
        if (strlen(entry->d_name) != RB_SHA256_HEX_SIZE - 1 || is_of_version(entry->d_name, hash) ||
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        const struct timespec *made_at = &status.st_mtim;
        if (made_at->tv_sec < newest.tv_sec ||
            (made_at->tv_sec == newest.tv_sec && made_at->tv_nsec < newest.tv_nsec))
            continue;
        newest = *made_at;
        memcpy(ret_hash, entry->d_name, RB_SHA256_HEX_SIZE);
    }
}

void rb_kept_drop_older(const char *folder, const char *hash)
{
    char previous[RB_SHA256_HEX_SIZE];
    DIR *kept = opendir(folder);
    const struct dirent *entry;
    if (kept == NULL)
        return;
    find_previous(kept, hash, previous);
    rewinddir(kept);
    while ((entry = readdir(kept)) != NULL) {
        bool is_version = strcspn(entry->d_name, ".") == RB_SHA256_HEX_SIZE - 1;
        if (is_version && !is_of_version(entry->d_name, hash) &&
            (previous[0] == '\0' || !is_of_version(entry->d_name, previous)))
            (void)unlinkat(dirfd(kept), entry->d_name, 0);
    }
    (void)closedir(kept);
}

struct kept_file {
    char *name;
    struct timespec made_at;
};

static int compare_newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct kept_file *)a)->made_at;
    const struct timespec *y = &((const struct kept_file *)b)->made_at;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? 1 : -1;
    return x->tv_nsec == y->tv_nsec ? 0 : x->tv_nsec < y->tv_nsec ? 1 : -1;
}

/* Removes all but the newest `states` files of the ending. */
static void prune(const char *folder, const char *ending, size_t states)
{
    RB_CLEANUP_FREE char *dotted = rb_asprintf(".%s", ending);
    RB_CLEANUP_FREE struct kept_file *files = NULL;
    size_t count = 0;
    DIR *kept = opendir(folder);
    const struct dirent *entry;
    while (kept != NULL && (entry = readdir(kept)) != NULL) {
        struct stat status;
        if (!rb_text_ends_with(entry->d_name, dotted) ||
            fstatat(dirfd(kept), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        files = rb_reallocarray(files, count + 1, sizeof(*files));
        files[count++] =
            (struct kept_file){.name = rb_strdup(entry->d_name), .made_at = status.st_mtim};
    }
    if (count > 0)
        qsort(files, count, sizeof(*files), compare_newest_first);
    for (size_t i = 0; i < count; i++) {
        if (i >= states)
            (void)unlinkat(dirfd(kept), files[i].name, 0);
        rb_free(files[i].name);
    }
    if (kept != NULL)
        (void)closedir(kept);
}

int rb_kept_write(const char *folder, const char *hash, const char *ending, const void *data,
                  size_t size, size_t states, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_kept_path(folder, hash, ending);
    if (rb_file_exists(path))
        return 0;
    int status = rb_file_write_atomic(path, data, size, 0644, err);
    if (status == 0)
        prune(folder, ending, states);
    return status;
}

int rb_kept_adopt(const char *from, const char *folder, const char *hash, const char *ending,
                  size_t states, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_kept_path(folder, hash, ending);
    int status = rb_file_put_in_place(from, path, err);
    if (status == 0)
        prune(folder, ending, states);
    return status;
}
