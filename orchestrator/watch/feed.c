/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <archive.h>
#include <archive_entry.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/watch/watch.h"

enum {
    BLOCK = 64 << 10,
    JSON_MAXIMUM = 512 << 20, /* of a feed that is one document */
    RECORD_MAXIMUM = 16 << 20,
    LINE_MAXIMUM = 4096,
    RECORDS_MAXIMUM = 5 * 1000 * 1000,
    SECONDS_MAXIMUM = 300, /* of processor time, for a whole feed */
};
static const rlim_t MEMORY_MAXIMUM = (rlim_t)2 << 30;

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

static int read_osv_zip(struct archive *archive, const char *path, struct rb_feed_summary *summary,
                        struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf record = RB_STRBUF_INIT(RECORD_MAXIMUM);
    struct archive_entry *entry;
    int next;
    while ((next = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        if (name == NULL || !rb_text_ends_with(name, ".json"))
            continue;
        rb_strbuf_clear(&record);
        int status = read_entry(archive, path, &record, err);
        if (status == 0)
            status =
                rb_feed_read_osv_record(rb_strbuf_text(&record), record.size, name, summary, err);
        if (status != 0)
            return status;
        if (summary->records > RECORDS_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "%s holds more than %d records", path,
                              RECORDS_MAXIMUM);
    }
    return next == ARCHIVE_EOF ? 0 : archive_error(archive, path, err);
}

static int read_document(const char *path, size_t maximum,
                         int (*read)(const char *data, size_t size, const char *what,
                                     struct rb_feed_summary *summary, struct rb_err *err),
                         struct rb_feed_summary *summary, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, maximum, &data, &size, err);
    return status != 0 ? status : read(data, size, path, summary, err);
}

static int read_osv(const char *path, struct rb_feed_summary *summary, struct rb_err *err)
{
    RB_CLEANUP(close_archive) struct archive *archive = archive_read_new();
    RB_ASSERT(archive != NULL);
    (void)archive_read_support_format_zip(archive);
    if (archive_read_open_filename(archive, path, BLOCK) == ARCHIVE_OK &&
        archive_read_has_encrypted_entries(archive) != 1) {
        struct rb_feed_summary found = {0};
        int status = read_osv_zip(archive, path, &found, err);
        if (status == 0 || archive_format(archive) != 0) {
            *summary = found;
            return status;
        }
    }
    return read_document(path, RECORD_MAXIMUM, rb_feed_read_osv_record, summary, err);
}

/* "#model_version:v2023.03.01,score_date:2024-05-01T00:00:00+0000" */
static int read_epss_comment(const char *line, const char *what, struct rb_feed_summary *summary,
                             struct rb_err *err)
{
    static const char MEMBER[] = "score_date:";
    const char *date = strstr(line, MEMBER);
    if (*line != '#' || date == NULL)
        return rb_err_set(err, RB_EINVALID, "%s: the first line tells no score_date", what);
    date += strlen(MEMBER);
    size_t size = strcspn(date, ",\r");
    if (size < strlen("2024-05-01") || size >= sizeof(summary->newest))
        return rb_err_set(err, RB_EINVALID, "%s: \"%.40s\" is no date", what, date);
    memcpy(summary->newest, date, size);
    summary->newest[size] = '\0';
    return 0;
}

static bool is_share(const char *text, char end)
{
    char *behind = NULL;
    double value = strtod(text, &behind);
    return behind != text && (*behind == end || *behind == '\0' || *behind == '\r') &&
           isfinite(value) && value >= 0 && value <= 1;
}

int rb_feed_read_epss_line(const char *line, int64_t number, const char *what,
                           struct rb_feed_summary *summary, struct rb_err *err)
{
    if (number == 1)
        return read_epss_comment(line, what, summary, err);
    if (number == 2)
        return rb_text_starts_with(line, "cve,epss,percentile")
                   ? 0
                   : rb_err_set(err, RB_EINVALID, "%s: the columns are not cve,epss,percentile",
                                what);
    const char *score = strchr(line, ',');
    const char *percentile = score == NULL ? NULL : strchr(score + 1, ',');
    if (!rb_text_starts_with(line, "CVE-") || percentile == NULL || !is_share(score + 1, ',') ||
        !is_share(percentile + 1, '\0'))
        return rb_err_set(err, RB_EINVALID, "%s: line %lld is no score", what, (long long)number);
    summary->records++;
    return 0;
}

static int read_epss_lines(struct archive *archive, const char *path,
                           struct rb_feed_summary *summary, struct rb_err *err)
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
                    status = rb_err_set(err, RB_EINVALID, "%s: line %lld is too long", path,
                                        (long long)number + 1);
                continue;
            }
            status = rb_feed_read_epss_line(rb_strbuf_text(&line), ++number, path, summary, err);
            rb_strbuf_clear(&line);
        }
    }
    if (status == 0 && size < 0)
        status = archive_error(archive, path, err);
    if (status == 0 && line.size > 0)
        status = rb_err_set(err, RB_EINVALID, "%s: the last line has no end", path);
    return status;
}

static int read_epss(const char *path, struct rb_feed_summary *summary, struct rb_err *err)
{
    RB_CLEANUP(close_archive) struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    RB_ASSERT(archive != NULL);
    (void)archive_read_support_format_raw(archive);
    (void)archive_read_support_filter_gzip(archive);
    if (archive_read_open_filename(archive, path, BLOCK) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        return archive_error(archive, path, err);
    return read_epss_lines(archive, path, summary, err);
}

int rb_feed_read(enum rb_source_kind kind, const char *path, struct rb_feed_summary *ret_summary,
                 struct rb_err *err)
{
    int status;
    *ret_summary = (struct rb_feed_summary){0};
    if (kind == RB_SOURCE_OSV)
        status = read_osv(path, ret_summary, err);
    else if (kind == RB_SOURCE_EPSS)
        status = read_epss(path, ret_summary, err);
    else if (kind == RB_SOURCE_DEBIAN_TRACKER)
        status = read_document(path, JSON_MAXIMUM, rb_feed_read_tracker, ret_summary, err);
    else if (kind == RB_SOURCE_SECDB)
        status = read_document(path, JSON_MAXIMUM, rb_feed_read_secdb, ret_summary, err);
    else
        status = read_document(path, JSON_MAXIMUM, rb_feed_read_kev, ret_summary, err);
    if (status == 0 && ret_summary->records == 0)
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

int rb_feed_read_main(enum rb_source_kind kind, const char *path, int output_fd, struct rb_err *err)
{
    struct rb_feed_summary summary;
    set_limits();
    int status = rb_feed_read(kind, path, &summary, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *answer = rb_json_object();
    rb_json_set_integer(answer, "records", summary.records);
    if (summary.newest[0] != '\0')
        rb_json_set_string(answer, "newest", summary.newest);
    RB_CLEANUP_FREE char *text = rb_json_canonical(answer);
    return rb_write_all(output_fd, text, strlen(text), err);
}
