/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_state.h"

#include "kept.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/decompress.h"
#include "rebake/watch/rpm_updateinfo.h"
#include "rpm_primary.h"

enum { STATES = 16 };
static const int64_t UNLISTED_OPEN_MAXIMUM = INT64_C(1) << 30;
static const int64_t UPDATEINFO_MAXIMUM = 256 << 20;

char *rb_rpm_kept_folder(const char *cache_folder, const struct rb_rpm_source *source)
{
    const char *address = source->url != NULL ? source->url : source->mirrorlist;
    return rb_kept_folder(cache_folder, "rpm",
                          (const char *const[]){address, source->signed_by, NULL},
                          source->architectures);
}

/* The signature first: where a repomd.xml is, all is. */
int rb_rpm_keep_repomd(const char *folder, const char *hash, const char *repomd, size_t repomd_size,
                       const char *signature, size_t signature_size, struct rb_err *err)
{
    int status = signature == NULL ? 0
                                   : rb_kept_write(folder, hash, RB_RPM_REPOMD_ASC, signature,
                                                   signature_size, STATES, err);
    if (status == 0)
        status = rb_kept_write(folder, hash, RB_RPM_REPOMD, repomd, repomd_size, STATES, err);
    return status;
}

/* A file on its way out of its packing: hashed, counted and read. */
struct unpacking {
    struct rb_checksum_run *hash; /* NULL where no checksum is listed */
    int64_t size_bytes;
    struct rb_rpm_primary *primary; /* one of the two reads it */
    struct rb_rpm_updateinfo *updateinfo;
    struct rb_strbuf *keep; /* NULL: what was read is enough */
};

static int take_unpacked(void *context, const void *data, size_t size, struct rb_err *err)
{
    struct unpacking *unpacking = context;
    unpacking->size_bytes += (int64_t)size;
    if (unpacking->hash != NULL)
        rb_checksum_update(unpacking->hash, data, size);
    if (unpacking->keep != NULL && !rb_strbuf_append(unpacking->keep, data, size))
        return rb_err_set(err, RB_ELIMIT, "larger than %lld bytes", (long long)UPDATEINFO_MAXIMUM);
    return unpacking->primary != NULL
               ? rb_rpm_primary_feed(unpacking->primary, data, size, err)
               : rb_rpm_updateinfo_feed(unpacking->updateinfo, data, size, err);
}

static int other_than_listed(const char *what, const char *how, struct rb_err *err)
{
    return rb_err_set(err, RB_EVERIFY,
                      "%s is not what repomd.xml lists (%s): the mirror is broken, or is just "
                      "being updated",
                      what, how);
}

/* The checksum of what came out is judged before what could not be read: a broken file is no
   misunderstanding. */
static int unpack(const struct rb_rpm_file *file, const struct rb_strbuf *body,
                  struct unpacking *unpacking, const char *what, struct rb_err *err)
{
    const char *data = rb_strbuf_text(body);
    int64_t maximum = file->open_size_bytes >= 0 ? file->open_size_bytes : UNLISTED_OPEN_MAXIMUM;
    if (file->size_bytes >= 0 && (size_t)file->size_bytes != body->size)
        return other_than_listed(what, "another size", err);
    if (!rb_checksum_matches(&file->checksum, data, body->size))
        return other_than_listed(what, "another checksum", err);
    if (file->open_checksum.algorithm != NULL)
        unpacking->hash = rb_checksum_begin(&file->open_checksum);
    int status = rb_decompress(data, body->size, (uint64_t)maximum, take_unpacked, unpacking, err);
    bool has_hash = unpacking->hash != NULL;
    bool matches = has_hash && rb_checksum_end(rb_steal(&unpacking->hash));
    if (status != 0) {
        (void)rb_err_wrap(err, "%s", what);
        return status;
    }
    if (has_hash && !matches)
        return other_than_listed(what, "another checksum when unpacked", err);
    if (file->open_size_bytes >= 0 && file->open_size_bytes != unpacking->size_bytes)
        return other_than_listed(what, "another size when unpacked", err);
    return 0;
}

int rb_rpm_keep_primary(const struct rb_rpm_file *file, const struct rb_strbuf *body,
                        const char *const *architectures, const char *path, const char *what,
                        size_t *ret_offers, struct rb_err *err)
{
    struct rb_index_builder *builder = rb_index_builder_new_ordered(&rb_version_rpm);
    struct rb_rpm_primary *primary = rb_rpm_primary_new(builder, architectures);
    struct unpacking unpacking = {.primary = primary};
    int status = unpack(file, body, &unpacking, what, err);
    if (status == 0 && (status = rb_rpm_primary_end(primary, err)) != 0)
        (void)rb_err_wrap(err, "%s", what);
    if (status == 0)
        status = rb_index_builder_write(builder, path, err);
    *ret_offers = rb_index_builder_count(builder);
    rb_rpm_primary_free(primary);
    rb_index_builder_free(builder);
    return status;
}

static int count_advisory(void *context, const struct rb_rpm_advisory *advisory, struct rb_err *err)
{
    (void)advisory;
    (void)err;
    ++*(size_t *)context;
    return 0;
}

int rb_rpm_keep_updateinfo(const struct rb_rpm_file *file, const struct rb_strbuf *body,
                           const char *path, const char *what, size_t *ret_advisories,
                           struct rb_err *err)
{
    *ret_advisories = 0;
    RB_CLEANUP(rb_strbuf_deinit)
    struct rb_strbuf text = RB_STRBUF_INIT((size_t)UPDATEINFO_MAXIMUM);
    struct rb_rpm_updateinfo *updateinfo = rb_rpm_updateinfo_new(count_advisory, ret_advisories);
    struct unpacking unpacking = {.updateinfo = updateinfo, .keep = &text};
    int status = unpack(file, body, &unpacking, what, err);
    if (status == 0 && (status = rb_rpm_updateinfo_end(updateinfo, err)) != 0)
        (void)rb_err_wrap(err, "%s", what);
    if (status == 0)
        status = rb_file_write_atomic(path, rb_strbuf_text(&text), text.size, 0644, err);
    rb_rpm_updateinfo_free(updateinfo);
    return status;
}
