/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/feed.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "rebake/advisory/set.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum {
    BLOCK = 64 << 10,
    JSON_MAXIMUM = 512 << 20, /* of a feed that is one document */
    RECORD_MAXIMUM = 16 << 20,
    LINE_MAXIMUM = 4096,
    RECORDS_MAXIMUM = 5 * 1000 * 1000,
    SECONDS_MAXIMUM = 300, /* of processor time, for a whole feed */
};
static const rlim_t MEMORY_MAXIMUM = (rlim_t)2 << 30;

/* What becomes of a feed while it is read. */
struct feed {
    const char *path;
    struct rb_feed_summary *summary;
    int64_t newest_at;                   /* of the advisories */
    struct rb_advisory_set_builder *set; /* NULL: it is read to be judged alone, as for threats */
    struct rb_threats_builder *threats;
};

static int take_advisory(void *context, const struct rb_advisory *advisory, struct rb_err *err)
{
    struct feed *feed = context;
    if (advisory->modified_at > feed->newest_at)
        feed->newest_at = advisory->modified_at;
    if (++feed->summary->records > RECORDS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s holds more than %d records", feed->path,
                          RECORDS_MAXIMUM);
    return feed->set == NULL ? 0 : rb_advisory_set_builder_add(feed->set, advisory, err);
}

static void close_archive(struct archive **archive)
{
    (void)archive_read_free(*archive);
}

static int archive_error(struct archive *archive, const char *path, struct rb_err *err)
{
    const char *text = archive_error_string(archive);
    return rb_err_set(err, RB_EINVALID, "%s: %s", path, text == NULL ? "cannot be read" : text);
}

/* The rest of the archive's entry, of at most maximum bytes. */
static int read_entry(struct archive *archive, const char *path, struct rb_strbuf *out,
                      struct rb_err *err)
{
    char block[BLOCK];
    for (;;) {
        ssize_t size = archive_read_data(archive, block, sizeof(block));
        if (size < 0)
            return archive_error(archive, path, err);
        if (size == 0)
            return 0;
        if (!rb_strbuf_append(out, block, (size_t)size))
            return rb_err_set(err, RB_ELIMIT, "%s: an entry is larger than %zu bytes", path,
                              out->maximum);
    }
}

static int read_osv_zip(struct feed *feed, struct archive *archive, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf record = RB_STRBUF_INIT(RECORD_MAXIMUM);
    struct archive_entry *entry;
    int next;
    while ((next = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        if (name == NULL || !rb_text_ends_with(name, ".json"))
            continue;
        rb_strbuf_clear(&record);
        int status = read_entry(archive, feed->path, &record, err);
        if (status == 0)
            status =
                rb_osv_read(rb_strbuf_text(&record), record.size, name, take_advisory, feed, err);
        if (status != 0)
            return status;
    }
    return next == ARCHIVE_EOF ? 0 : archive_error(archive, feed->path, err);
}

typedef int reader(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                   void *context, struct rb_err *err);

static int read_document(struct feed *feed, size_t maximum, reader *read, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(feed->path, maximum, &data, &size, err);
    return status != 0 ? status : read(data, size, feed->path, take_advisory, feed, err);
}

static int read_osv(struct feed *feed, struct rb_err *err)
{
    RB_CLEANUP(close_archive) struct archive *archive = archive_read_new();
    RB_ASSERT(archive != NULL);
    (void)archive_read_support_format_zip(archive);
    if (archive_read_open_filename(archive, feed->path, BLOCK) == ARCHIVE_OK &&
        archive_read_has_encrypted_entries(archive) != 1) {
        int status = read_osv_zip(feed, archive, err);
        if (status == 0 || archive_format(archive) != 0)
            return status;
    }
    return read_document(feed, RECORD_MAXIMUM, rb_osv_read, err);
}

static int read_kev(struct feed *feed, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(feed->path, JSON_MAXIMUM, &data, &size, err);
    return status != 0
               ? status
               : rb_kev_read(data, size, feed->path, feed->threats, feed->summary->newest, err);
}

static int read_epss_lines(struct feed *feed, struct archive *archive, struct rb_err *err)
{
    char block[BLOCK];
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf line = RB_STRBUF_INIT(LINE_MAXIMUM);
    int64_t number = 0;
    int status = 0;
    ssize_t size;
    while (status == 0 && (size = archive_read_data(archive, block, sizeof(block))) > 0) {
        for (ssize_t i = 0; i < size && status == 0; i++) {
            if (block[i] != '\n') {
                if (!rb_strbuf_putc(&line, block[i]))
                    status = rb_err_set(err, RB_EINVALID, "%s: line %lld is too long", feed->path,
                                        (long long)number + 1);
                continue;
            }
            status = rb_epss_read_line(rb_strbuf_text(&line), ++number, feed->path, feed->threats,
                                       feed->summary->newest, err);
            rb_strbuf_clear(&line);
        }
    }
    if (status == 0 && size < 0)
        status = archive_error(archive, feed->path, err);
    if (status == 0 && line.size > 0)
        status = rb_err_set(err, RB_EINVALID, "%s: the last line has no end", feed->path);
    return status;
}

static int read_epss(struct feed *feed, struct rb_err *err)
{
    RB_CLEANUP(close_archive) struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    RB_ASSERT(archive != NULL);
    (void)archive_read_support_format_raw(archive);
    (void)archive_read_support_filter_gzip(archive);
    if (archive_read_open_filename(archive, feed->path, BLOCK) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        return archive_error(archive, feed->path, err);
    return read_epss_lines(feed, archive, err);
}

static int read_threats(enum rb_source_kind kind, struct feed *feed, const char *set_path,
                        struct rb_err *err)
{
    bool is_kev = kind == RB_SOURCE_KEV;
    feed->threats = rb_threats_builder_new(is_kev ? RB_THREATS_KEV : RB_THREATS_EPSS);
    int status = is_kev ? read_kev(feed, err) : read_epss(feed, err);
    feed->summary->records = (int64_t)rb_threats_builder_count(feed->threats);
    if (status == 0 && set_path != NULL && feed->summary->records > 0)
        status = rb_threats_builder_write(feed->threats, set_path, err);
    rb_threats_builder_free(feed->threats);
    return status;
}

/* A repository may have no security advisory; a feed that has none is broken. */
static bool may_be_empty(enum rb_source_kind kind)
{
    return kind == RB_SOURCE_RPM;
}

static int read_advisories(enum rb_source_kind kind, struct feed *feed, const char *set_path,
                           struct rb_err *err)
{
    int status;
    bool is_general = kind == RB_SOURCE_OSV;
    if (set_path != NULL)
        feed->set =
            rb_advisory_set_builder_new(is_general ? RB_ORIGIN_GENERAL : RB_ORIGIN_DISTRIBUTION);
    if (is_general)
        status = read_osv(feed, err);
    else if (kind == RB_SOURCE_RPM)
        status = read_document(feed, JSON_MAXIMUM, rb_updateinfo_read, err);
    else if (kind == RB_SOURCE_DEBIAN_TRACKER)
        status = read_document(feed, JSON_MAXIMUM, rb_tracker_read, err);
    else
        status = read_document(feed, JSON_MAXIMUM, rb_secdb_read, err);
    if (feed->newest_at != 0)
        (void)rb_time_format(feed->newest_at, feed->summary->newest);
    if (status == 0 && set_path != NULL && (feed->summary->records > 0 || may_be_empty(kind)))
        status = rb_advisory_set_builder_write(feed->set, set_path, err);
    rb_advisory_set_builder_free(feed->set);
    return status;
}

int rb_feed_read(enum rb_source_kind kind, const char *path, const char *set_path,
                 struct rb_feed_summary *ret_summary, struct rb_err *err)
{
    *ret_summary = (struct rb_feed_summary){0};
    struct feed feed = {.path = path, .summary = ret_summary};
    int status = kind == RB_SOURCE_KEV || kind == RB_SOURCE_EPSS
                     ? read_threats(kind, &feed, set_path, err)
                     : read_advisories(kind, &feed, set_path, err);
    if (status == 0 && ret_summary->records == 0 && !may_be_empty(kind))
        status = rb_err_set(err, RB_EINVALID, "%s holds no record", path);
    return status;
}

static void set_limits(void)
{
    struct rlimit seconds = {SECONDS_MAXIMUM, SECONDS_MAXIMUM};
    (void)setrlimit(RLIMIT_CPU, &seconds);
#ifndef __SANITIZE_ADDRESS__ /* which maps the whole address space */
    struct rlimit memory = {MEMORY_MAXIMUM, MEMORY_MAXIMUM};
    (void)setrlimit(RLIMIT_AS, &memory);
#else
    (void)MEMORY_MAXIMUM;
#endif
}

int rb_feed_read_main(enum rb_source_kind kind, const char *path, const char *set_path,
                      int output_fd, struct rb_err *err)
{
    struct rb_feed_summary summary;
    set_limits();
    int status = rb_feed_read(kind, path, set_path, &summary, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *answer = rb_json_object();
    rb_json_set_integer(answer, "records", summary.records);
    if (summary.newest[0] != '\0')
        rb_json_set_string(answer, "newest", summary.newest);
    RB_CLEANUP_FREE char *text = rb_json_canonical(answer);
    return rb_write_all(output_fd, text, strlen(text), err);
}
