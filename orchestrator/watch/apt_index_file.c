/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_index_file.h"

#include <string.h>

#include "rebake/base/memory.h"

static const uint64_t UNLISTED_PLAIN_MAXIMUM = UINT64_C(1) << 30;

static void hash_list(struct rb_sha256 *hash, const char *const *list)
{
    for (; *list != NULL; list++)
        rb_sha256_update(hash, *list, strlen(*list) + 1);
    rb_sha256_update(hash, "", 1);
}

char *rb_apt_index_path(const struct rb_apt_request *request, const char *release_hash)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    hash_list(hash, request->components);
    hash_list(hash, request->architectures);
    return rb_asprintf("%s/%s.%.8s.index", request->index_folder, release_hash,
                       rb_sha256_hex(hash, hex));
}

bool rb_apt_index_is_there(const char *path, size_t *ret_offer_count)
{
    struct rb_index *index = NULL;
    if (rb_index_open(path, &index, NULL) != 0)
        return false;
    *ret_offer_count = rb_index_count(index);
    rb_index_close(index);
    return true;
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
