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
    char *path;
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
                          "%s has the digest sha256:%s, not the one it is named by", reader->path,
                          hex);
    return 0;
}

static int read_file(void *context, const void **ret_data, size_t *ret_size, struct rb_err *err)
{
    struct layer_reader *reader = context;
    ssize_t got;
    do
        got = read(reader->fd, reader->piece, PIECE_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return rb_err_sys(err, errno, "read %s", reader->path);
    *ret_data = reader->piece;
    *ret_size = (size_t)got;
    if (got == 0)
        return check_file(reader, err);
    if (reader->hash != NULL)
        rb_sha256_update(reader->hash, reader->piece, (size_t)got);
    return 0;
}

static int open_file(struct layer_reader *reader, const struct layer_set *set,
                     const struct layer_entry *entry, struct rb_err *err)
{
    reader->path = set->tar != NULL ? rb_strdup(set->tar)
                                    : rb_asprintf("%s/blobs/sha256/%s", set->folder,
                                                  entry->blob.digest + strlen("sha256:"));
    reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->fd < 0)
        return rb_err_sys(err, errno, "open %s", reader->path);
    reader->piece = rb_alloc(PIECE_BYTES);
    if (set->tar == NULL) {
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
    bool is_file = set->tar != NULL || set->folder != NULL;
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
    rb_free(reader->path);
    rb_free(reader);
}
