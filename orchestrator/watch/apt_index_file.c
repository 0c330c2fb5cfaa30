/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_index_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kept.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const uint64_t UNLISTED_PLAIN_MAXIMUM = UINT64_C(1) << 30;

static char *index_ending(const struct rb_apt_request *request)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    rb_kept_hash_list(hash, request->components);
    rb_kept_hash_list(hash, request->architectures);
    return rb_asprintf(".%.8s.index", rb_sha256_hex(hash, hex));
}

char *rb_apt_index_path(const struct rb_apt_request *request, const char *release_hash)
{
    RB_CLEANUP_FREE char *ending = index_ending(request);
    return rb_asprintf("%s/%s%s", request->index_folder, release_hash, ending);
}

static bool is_newer(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

struct rb_index *rb_apt_index_open_newest(const struct rb_apt_request *request)
{
    RB_CLEANUP_FREE char *ending = index_ending(request);
    RB_CLEANUP_FREE char *newest = NULL;
    struct timespec newest_at = {0};
    struct rb_index *index = NULL;
    DIR *folder = opendir(request->index_folder);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat status;
        if (!rb_text_ends_with(entry->d_name, ending) ||
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            (newest != NULL && !is_newer(&status.st_mtim, &newest_at)))
            continue;
        rb_free(newest);
        newest = rb_asprintf("%s/%s", request->index_folder, entry->d_name);
        newest_at = status.st_mtim;
    }
    if (folder != NULL)
        (void)closedir(folder);
    /* One that cannot be read is of no use, and in nobody's way. */
    return newest != NULL && rb_index_open(newest, &index, NULL) == 0 ? index : NULL;
}

static int check_hash(const struct rb_apt_file *file, const char *hex, const char *folder,
                      struct rb_err *err)
{
    if (strcmp(hex, file->sha256) == 0)
        return 0;
    return rb_err_set(err, RB_EVERIFY,
                      "%s/%s is not what the Release file lists (its SHA-256 begins with %.12s, "
                      "not %.12s): the mirror is broken, or is just being updated",
                      folder, file->path, hex, file->sha256);
}

int rb_apt_index_unpack(struct rb_index_builder *builder, const struct rb_apt_index *index,
                        size_t form, const struct rb_strbuf *body, const char *folder,
                        struct rb_err *err)
{
    const struct rb_apt_file *file = index->forms[form];
    const char *data = rb_strbuf_text(body);
    uint64_t maximum =
        index->plain != NULL ? (uint64_t)index->plain->size_bytes : UNLISTED_PLAIN_MAXIMUM;
    RB_CLEANUP_FREE char *shown = rb_asprintf("%s/%s", folder, file->path);
    char hex[RB_SHA256_HEX_SIZE];
    int status = check_hash(file, rb_sha256_of(data, body->size, hex), folder, err);
    if (status == 0)
        status =
            rb_index_builder_feed_compressed(builder, data, body->size, maximum, hex, shown, err);
    if (status == 0 && index->plain != NULL)
        status = check_hash(index->plain, hex, folder, err);
    if (status == 0)
        status = rb_index_builder_end_file(builder, shown, err);
    return status;
}
