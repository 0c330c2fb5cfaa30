/* SPDX-License-Identifier: Apache-2.0 */
/* The compressed bytes of one layer: a blob of a registry, or a file, whose digest is checked at
   its end as the registry's client does for blobs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer_set.h"
#include "rebake/base/memory.h"

enum { PIECE_BYTES = 256 * 1024 };

struct layer_reader {
    struct rb_blob *blob; /* or a file: */
    int fd;
    char *what;                  /* it is, in errors */
    uint64_t left;               /* of a member of an archive; else more than any file has */
    char digest[RB_DIGEST_SIZE]; /* "" when it is not known */
    struct rb_sha256 *hash;
    char *piece;
};

static int read_blob(void *context, const void **ret_data, size_t *ret_size, struct rb_err *err)
{
    struct layer_reader *reader = context;
    return rb_blob_read(reader->blob, ret_data, ret_size, err);
}

static int check_file(struct layer_reader *reader, struct rb_err *err)
{
    char hex[RB_SHA256_HEX_SIZE];
    if (reader->hash == NULL)
        return 0;
    rb_sha256_hex(reader->hash, hex);
    rb_sha256_free(rb_steal(&reader->hash));
    if (strcmp(reader->digest + strlen("sha256:"), hex) != 0)
        return rb_err_set(err, RB_EVERIFY,
                          "%s has the digest sha256:%s, not the one it is named by", reader->what,
                          hex);
    return 0;
}

static int read_file(void *context, const void **ret_data, size_t *ret_size, struct rb_err *err)
{
    struct layer_reader *reader = context;
    size_t most = reader->left < PIECE_BYTES ? (size_t)reader->left : PIECE_BYTES;
    ssize_t got;
    do
        got = read(reader->fd, reader->piece, most);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return rb_err_sys(err, errno, "read %s", reader->what);
    if (got == 0 && most > 0 && reader->left != UINT64_MAX)
        return rb_err_set(err, RB_EINVALID, "%s ends early", reader->what);
    reader->left -= reader->left == UINT64_MAX ? 0 : (uint64_t)got;
    *ret_data = reader->piece;
    *ret_size = (size_t)got;
    if (got == 0)
        return check_file(reader, err);
    if (reader->hash != NULL)
        rb_sha256_update(reader->hash, reader->piece, (size_t)got);
    return 0;
}

/* Where the bytes stand: in which file (the caller frees its path), from where on, how many. */
static int locate(struct layer_reader *reader, const struct layer_set *set,
                  const struct layer_entry *entry, char **ret_path, uint64_t *ret_offset,
                  struct rb_err *err)
{
    RB_CLEANUP_FREE char *blob =
        *entry->blob.digest == '\0'
            ? NULL
            : rb_asprintf("blobs/sha256/%s", entry->blob.digest + strlen("sha256:"));
    reader->left = UINT64_MAX;
    *ret_offset = 0;
    if (set->archive == NULL) {
        *ret_path =
            set->tar != NULL ? rb_strdup(set->tar) : rb_asprintf("%s/%s", set->folder, blob);
        reader->what = rb_strdup(*ret_path);
        return 0;
    }
    const struct tar_member *member =
        entry->member != NULL ? entry->member : tar_index_find(set->archive, blob);
    *ret_path = rb_strdup(tar_index_path(set->archive));
    if (member == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no %s", *ret_path, blob);
    reader->what = rb_asprintf("%s: %s", *ret_path, member->name);
    reader->left = member->size;
    *ret_offset = member->offset;
    return 0;
}

static int open_file(struct layer_reader *reader, const struct layer_set *set,
                     const struct layer_entry *entry, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = NULL;
    uint64_t offset;
    int status = locate(reader, set, entry, &path, &offset, err);
    if (status != 0)
        return status;
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    if (offset > 0 && lseek(reader->fd, (off_t)offset, SEEK_SET) < 0)
        return rb_err_sys(err, errno, "seek in %s", path);
    reader->piece = rb_alloc(PIECE_BYTES);
    if (*entry->blob.digest != '\0') {
        memcpy(reader->digest, entry->blob.digest, sizeof(reader->digest));
        reader->hash = rb_sha256_new();
    }
    return 0;
}

int layer_set_read(const struct layer_set *set, size_t number, struct layer_reader **ret_reader,
                   struct layer_source *ret_source, struct rb_err *err)
{
    const struct layer_entry *entry = &set->entries[number];
    struct layer_reader *reader = rb_zalloc(sizeof(*reader));
    bool is_file = set->tar != NULL || set->folder != NULL || set->archive != NULL;
    reader->fd = -1;
    int status = is_file
                     ? open_file(reader, set, entry, err)
                     : rb_registry_blob(set->session->registry, &set->reference, entry->blob.digest,
                                        entry->blob.size_bytes, &reader->blob, err);
    if (status != 0) {
        layer_reader_free(reader);
        return status;
    }
    *ret_source = (struct layer_source){.context = reader, .read = is_file ? read_file : read_blob};
    *ret_reader = reader;
    return 0;
}

void layer_reader_free(struct layer_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->blob != NULL)
        rb_blob_free(reader->blob);
    rb_cleanup_close(&reader->fd);
    rb_sha256_free(reader->hash);
    rb_free(reader->piece);
    rb_free(reader->what);
    rb_free(reader);
}
