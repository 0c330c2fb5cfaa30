/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's document is larger than is good for a tree in memory: of its object one member, a
   source package, at a time is. */
#include <ctype.h>
#include <string.h>

#include "rebake/advisory/read.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "summary.h"

/* A place in the text of a large object. */
struct reader {
    const char *at;
    const char *start;
    const char *end;
    const char *what;
    rb_advisory_cb *take;
    void *context;
    struct rb_err *err;
};

/* What is made of one vulnerability of one package. */
struct issue {
    const char *package;
    const char *id;
    struct rb_arena *arena;
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

/* From the start, up to the version that has the fix. */
static void set_range(struct rb_arena *arena, struct rb_affected *affected, const char *fixed)
{
    struct rb_range *range = rb_arena_alloc(arena, sizeof(*range));
    struct rb_range_event *events = rb_arena_array(arena, 2, sizeof(*events));
    events[0] = (struct rb_range_event){RB_EVENT_INTRODUCED, "0"};
    events[1] = (struct rb_range_event){RB_EVENT_FIXED, fixed};
    *range = (struct rb_range){RB_RANGE_ECOSYSTEM, "", events, fixed == NULL ? 1 : 2};
    affected->ranges = range;
    affected->range_count = 1;
}

static const char *postponed_word(const json_t *release)
{
    const char *reason = rb_json_get_string(release, "nodsa_reason", "");
    if (*reason != '\0')
        return reason;
    if (json_object_get(release, "nodsa") != NULL)
        return "nodsa";
    return rb_json_get_bool(release, "next_point_update", false) ? "next-point-update" : "";
}

/* A version of "0" is the tracker's way to say that a release never had it. */
static int read_release(const struct reader *reader, const struct issue *issue,
                        const char *codename, const json_t *release,
                        struct rb_affected *ret_affected)
{
    const char *status = rb_json_get_string(release, "status", "");
    const char *fixed = rb_json_get_string(release, "fixed_version", NULL);
    *ret_affected = (struct rb_affected){
        .ecosystem = {"Debian", rb_ecosystem_debian_release(codename), ""},
        .package = issue->package,
        .urgency = rb_json_get_string(release, "urgency", ""),
        .postponed = postponed_word(release),
        .reason = rb_json_get_string(release, "nodsa", ""),
    };
    if (rb_text_equal(status, "undetermined")) {
        ret_affected->status = RB_STATUS_UNDETERMINED;
    } else if (rb_text_equal(status, "open")) {
        ret_affected->status = RB_STATUS_OPEN;
        set_range(issue->arena, ret_affected, NULL);
    } else if (rb_text_equal(status, "resolved") && fixed != NULL) {
        bool never = rb_text_equal(fixed, "0");
        ret_affected->status = never ? RB_STATUS_NOT_AFFECTED : RB_STATUS_RESOLVED;
        if (!never)
            set_range(issue->arena, ret_affected, fixed);
    } else {
        return rb_err_set(reader->err, RB_EINVALID,
                          "%s: %.60s of \"%.60s\": \"%.40s\" is no status of %.40s", reader->what,
                          issue->id, issue->package, status, codename);
    }
    return 0;
}

static int take_issue(const struct reader *reader, const struct issue *issue, const json_t *json)
{
    const json_t *releases = json_object_get(json, "releases"), *release;
    const char *codename;
    size_t count = 0;
    if (!json_is_object(releases))
        return rb_err_set(reader->err, RB_EINVALID, "%s: %.60s of \"%.60s\" has no releases",
                          reader->what, issue->id, issue->package);
    struct rb_affected *affected =
        rb_arena_array(issue->arena, json_object_size(releases), sizeof(*affected));
    json_object_foreach((json_t *)(uintptr_t)releases, codename, release)
    {
        int status = read_release(reader, issue, codename, release, &affected[count++]);
        if (status != 0)
            return status;
    }
    struct rb_advisory advisory = {
        .id = issue->id,
        .summary = rb_summary_of(rb_json_get_string(json, "description", ""), issue->arena),
        .affected = affected,
        .affected_count = count,
    };
    return reader->take(reader->context, &advisory, reader->err);
}

static int take_package(const struct reader *reader, const char *package, const json_t *issues)
{
    const char *id;
    const json_t *json;
    if (!json_is_object(issues))
        return rb_err_set(reader->err, RB_EINVALID, "%s: \"%.60s\" is no object", reader->what,
                          package);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    json_object_foreach((json_t *)(uintptr_t)issues, id, json)
    {
        struct issue issue = {package, id, arena};
        int status = take_issue(reader, &issue, json);
        if (status != 0)
            return status;
    }
    return 0;
}

static int read_member(struct reader *reader)
{
    RB_CLEANUP_JSON json_t *package = NULL;
    RB_CLEANUP_JSON json_t *issues = NULL;
    int status = next_value(reader, &package);
    if (status != 0)
        return status;
    if (!json_is_string(package) || !pass(reader, ':'))
        return malformed(reader, "the name of a package");
    status = next_value(reader, &issues);
    return status != 0 ? status : take_package(reader, json_string_value(package), issues);
}

int rb_tracker_read(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                    void *context, struct rb_err *err)
{
    struct reader reader = {data, data, data + size, what, take, context, err};
    int status = pass(&reader, '{') ? 0 : malformed(&reader, "\"{\"");
    while (status == 0) {
        status = read_member(&reader);
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
