/* SPDX-License-Identifier: Apache-2.0 */
#include "apk_index.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/apk_records.h"

/* Alpine's largest, community, has some 10 MB. */
enum { FILES_MAXIMUM = 16, INDEX_MAXIMUM = 512 << 20, PIECE = 64 << 10 };

struct reader {
    struct rb_index_builder *builder;
    const char *architecture;
};

static int take_record(void *context, const struct rb_apk_record *record, struct rb_err *err)
{
    const struct reader *reader = context;
    const struct rb_offer offer = {
        .name = record->name,
        .version = record->version,
        .architecture = *record->architecture == '\0' ? reader->architecture : record->architecture,
        .source_name = record->origin,
        .source_version = record->version};
    return rb_index_builder_add(reader->builder, &offer, err);
}

static int broken(struct archive *archive, struct rb_err *err)
{
    const char *text = archive_error_string(archive);
    return rb_err_set(err, RB_EINVALID, "%.200s", text == NULL ? "broken data" : text);
}

static int read_packages(struct archive *archive, struct reader *reader, struct rb_err *err)
{
    RB_CLEANUP(rb_apk_records_cleanup)
    struct rb_apk_records *records = rb_apk_records_new(take_record, reader);
    RB_CLEANUP_FREE char *piece = rb_alloc(PIECE);
    size_t total = 0;
    for (;;) {
        la_ssize_t size = archive_read_data(archive, piece, PIECE);
        if (size < 0)
            return broken(archive, err);
        if (size == 0)
            break;
        total += (size_t)size;
        if (total > INDEX_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "larger than %d bytes when unpacked", INDEX_MAXIMUM);
        int status = rb_apk_records_feed(records, piece, (size_t)size, err);
        if (status != 0)
            return status;
    }
    return rb_apk_records_end(records, err);
}

static int read_description(struct archive *archive, struct rb_apk_index *index, struct rb_err *err)
{
    la_ssize_t size = archive_read_data(archive, index->description, RB_APK_DESCRIPTION_SIZE - 1);
    if (size < 0)
        return broken(archive, err);
    index->description[size] = '\0';
    index->description[strcspn(index->description, "\r\n")] = '\0';
    return 0;
}

/* A tar has room for 12 octal digits, and more in its extensions. */
static int64_t time_of(struct archive_entry *entry)
{
    int64_t seconds = archive_entry_mtime(entry);
    return seconds > 0 && seconds < INT64_C(1) << 36 ? seconds * 1000 : 0;
}

static int read_files(struct archive *archive, struct reader *reader, struct rb_apk_index *index,
                      struct rb_err *err)
{
    struct archive_entry *entry;
    bool has_packages = false;
    int status = 0, result;
    for (int files = 0; status == 0; files++) {
        result = archive_read_next_header(archive, &entry);
        if (result == ARCHIVE_EOF)
            break;
        if (result != ARCHIVE_OK)
            return broken(archive, err);
        if (files == FILES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "more than %d files", FILES_MAXIMUM);
        const char *name = archive_entry_pathname(entry);
        if (rb_text_equal(name, "DESCRIPTION"))
            status = read_description(archive, index, err);
        if (!rb_text_equal(name, "APKINDEX"))
            continue;
        if (has_packages)
            return rb_err_set(err, RB_EINVALID, "two files APKINDEX");
        has_packages = true;
        index->made_at = time_of(entry);
        status = read_packages(archive, reader, err);
    }
    if (status == 0 && !has_packages)
        return rb_err_set(err, RB_EINVALID, "no file APKINDEX in it");
    return status;
}

int rb_apk_index_read(const void *content, size_t size, const char *architecture, const char *what,
                      struct rb_index_builder *builder, struct rb_apk_index *ret_index,
                      struct rb_err *err)
{
    struct reader reader = {.builder = builder, .architecture = architecture};
    struct archive *archive = archive_read_new();
    *ret_index = (struct rb_apk_index){0};
    RB_ASSERT(archive != NULL && archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
              archive_read_support_format_tar(archive) == ARCHIVE_OK);
    int status = archive_read_open_memory(archive, content, size) == ARCHIVE_OK
                     ? read_files(archive, &reader, ret_index, err)
                     : broken(archive, err);
    (void)archive_read_free(archive);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    return status;
}
