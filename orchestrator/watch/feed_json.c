/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds that are JSON. The tracker's is larger than is good for a tree in memory: of its object one
   member at a time is. */
#include <ctype.h>
#include <string.h>

#include "feed.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"

/* Times of one form compare as text. */
static void note_time(struct rb_feed_summary *summary, const char *time)
{
    size_t size = strlen(time);
    if (size < sizeof(summary->newest) && strcmp(time, summary->newest) > 0)
        memcpy(summary->newest, time, size + 1);
}

int rb_feed_read_osv_record(const char *data, size_t size, const char *what,
                            struct rb_feed_summary *summary, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *record = NULL;
    const char *id = NULL, *modified = NULL;
    int64_t at = 0;
    int status = rb_json_parse(data, size, what, &record, err);
    if (status == 0)
        status = rb_json_want_string(record, what, "id", &id, err);
    if (status == 0)
        status = rb_json_want_string(record, what, "modified", &modified, err);
    if (status == 0 && rb_time_parse(modified, &at, err) != 0)
        status = rb_err_wrap(err, "%s: \"modified\"", what);
    if (status != 0)
        return status;
    char text[RB_TIME_TEXT_SIZE];
    note_time(summary, rb_time_format(at, text));
    summary->records++;
    return 0;
}

int rb_feed_read_secdb(const char *data, size_t size, const char *what,
                       struct rb_feed_summary *summary, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *feed = NULL;
    int status = rb_json_parse(data, size, what, &feed, err);
    if (status != 0)
        return status;
    const json_t *packages = json_object_get(feed, "packages"), *item;
    size_t i;
    if (!json_is_array(packages))
        return rb_err_set(err, RB_EINVALID, "%s: \"packages\" is no list", what);
    json_array_foreach(packages, i, item)
    {
        const json_t *package = json_object_get(item, "pkg");
        if (!json_is_string(json_object_get(package, "name")) ||
            !json_is_object(json_object_get(package, "secfixes")))
            return rb_err_set(err, RB_EINVALID, "%s: package %zu has no name or no secfixes", what,
                              i);
        summary->records++;
    }
    return 0;
}

int rb_feed_read_kev(const char *data, size_t size, const char *what,
                     struct rb_feed_summary *summary, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *feed = NULL;
    const char *released = NULL;
    int status = rb_json_parse(data, size, what, &feed, err);
    if (status == 0)
        status = rb_json_want_string(feed, what, "dateReleased", &released, err);
    if (status != 0)
        return status;
    const json_t *list = json_object_get(feed, "vulnerabilities"), *item;
    size_t i;
    if (!json_is_array(list))
        return rb_err_set(err, RB_EINVALID, "%s: \"vulnerabilities\" is no list", what);
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(json_object_get(item, "cveID")))
            return rb_err_set(err, RB_EINVALID, "%s: vulnerability %zu has no cveID", what, i);
        summary->records++;
    }
    note_time(summary, released);
    return 0;
}

/* A place in the text of a large object. */
struct reader {
    const char *at;
    const char *start;
    const char *end;
    const char *what;
    struct rb_err *err;
};

static int malformed(const struct reader *reader, const char *wanted)
{
    return rb_err_set(reader->err, RB_EINVALID, "%s: byte %td: %s is missing", reader->what,
                      reader->at - reader->start, wanted);
}

/* True, and passed, when it is the next character behind blanks. */
static bool pass(struct reader *reader, char character)
{
    while (reader->at < reader->end && isspace((unsigned char)*reader->at))
        reader->at++;
    if (reader->at == reader->end || *reader->at != character)
        return false;
    reader->at++;
    return true;
}

/* The next value, whole; the caller drops the reference. */
static int next_value(struct reader *reader, json_t **ret_value)
{
    json_error_t error;
    json_t *value =
        json_loadb(reader->at, (size_t)(reader->end - reader->at),
                   JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        return rb_err_set(reader->err, RB_EINVALID, "%s: byte %td: %s", reader->what,
                          reader->at - reader->start + error.position, error.text);
    reader->at += error.position;
    *ret_value = value;
    return 0;
}

static int count_issues(const struct reader *reader, const char *package, const json_t *issues,
                        struct rb_feed_summary *summary)
{
    const char *id;
    const json_t *issue;
    if (!json_is_object(issues))
        return rb_err_set(reader->err, RB_EINVALID, "%s: \"%.60s\" is no object", reader->what,
                          package);
    json_object_foreach((json_t *)(uintptr_t)issues, id, issue)
    {
        if (!json_is_object(json_object_get(issue, "releases")))
            return rb_err_set(reader->err, RB_EINVALID, "%s: %.60s of \"%.60s\" has no releases",
                              reader->what, id, package);
        summary->records++;
    }
    return 0;
}

static int read_member(struct reader *reader, struct rb_feed_summary *summary)
{
    RB_CLEANUP_JSON json_t *package = NULL;
    RB_CLEANUP_JSON json_t *issues = NULL;
    int status = next_value(reader, &package);
    if (status != 0)
        return status;
    if (!json_is_string(package) || !pass(reader, ':'))
        return malformed(reader, "the name of a package");
    status = next_value(reader, &issues);
    return status != 0 ? status : count_issues(reader, json_string_value(package), issues, summary);
}

int rb_feed_read_tracker(const char *data, size_t size, const char *what,
                         struct rb_feed_summary *summary, struct rb_err *err)
{
    struct reader reader = {data, data, data + size, what, err};
    int status = pass(&reader, '{') ? 0 : malformed(&reader, "\"{\"");
    while (status == 0) {
        status = read_member(&reader, summary);
        if (status == 0 && !pass(&reader, ','))
            break;
    }
    if (status == 0 && !pass(&reader, '}'))
        status = malformed(&reader, "\"}\"");
    (void)pass(&reader, '\0');
    if (status == 0 && reader.at != reader.end)
        status = malformed(&reader, "the end");
    return status;
}
