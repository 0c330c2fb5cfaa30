/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the schema requires is required; what it does not know is passed over, since later versions
 * only add. Texts stay in the JSON, lists are in an arena; both live while the advisory is taken.
 */
#include <string.h>

#include "rebake/advisory/cvss.h"
#include "rebake/advisory/read.h"
#include "rebake/base/arena.h"
#include "rebake/base/clock.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

struct record {
    struct rb_arena *arena;
    const char *what;
    struct rb_err *err;
    struct rb_advisory advisory;
};

static int wrong(const struct record *record, const char *member, const char *wanted)
{
    return rb_err_set(record->err, RB_EINVALID, "%s: \"%s\" is not %s", record->what, member,
                      wanted);
}

/* A list that may be absent. */
static int get_list(const struct record *record, const json_t *object, const char *member,
                    size_t maximum, const json_t **ret_list)
{
    const json_t *list = json_object_get(object, member);
    *ret_list = list;
    if (list == NULL || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return wrong(record, member, "a list");
    if (json_array_size(list) > maximum)
        return rb_err_set(record->err, RB_ELIMIT, "%s: \"%s\" has more than %zu items",
                          record->what, member, maximum);
    return 0;
}

static int read_texts(const struct record *record, const json_t *object, const char *member,
                      size_t maximum, const char *const **ret_texts, size_t *ret_count)
{
    const json_t *list, *item;
    size_t i;
    int status = get_list(record, object, member, maximum, &list);
    if (status != 0)
        return status;
    const char **texts = rb_arena_array(record->arena, json_array_size(list), sizeof(*texts));
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return wrong(record, member, "a list of texts");
        texts[i] = json_string_value(item);
    }
    *ret_texts = texts;
    *ret_count = json_array_size(list);
    return 0;
}

static enum rb_severity_type severity_type(const char *name)
{
    static const char *const names[] = {
        [RB_SEVERITY_CVSS_V2] = "CVSS_V2",
        [RB_SEVERITY_CVSS_V3] = "CVSS_V3",
        [RB_SEVERITY_CVSS_V4] = "CVSS_V4",
        [RB_SEVERITY_UBUNTU] = "Ubuntu",
    };
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        if (strcmp(names[i], name) == 0)
            return (enum rb_severity_type)i;
    }
    return RB_SEVERITY_OTHER;
}

/* A vector that is none is kept as it is, without a score: what else the record says holds. */
static int score_of(enum rb_severity_type type, const char *vector)
{
    struct rb_cvss cvss;
    bool is_cvss =
        type == RB_SEVERITY_CVSS_V2 || type == RB_SEVERITY_CVSS_V3 || type == RB_SEVERITY_CVSS_V4;
    return is_cvss && rb_cvss_read(vector, &cvss, NULL) == 0 ? rb_cvss_score(&cvss)
                                                             : RB_SEVERITY_NO_SCORE;
}

/* What is measured, and behind it the word of the database: {"severity":"HIGH"} in what is specific
   to it. */
static int read_severities(const struct record *record, const json_t *object, const char *specific,
                           const struct rb_severity **ret_severities, size_t *ret_count)
{
    const json_t *list, *item;
    size_t i;
    int status = get_list(record, object, "severity", RB_ADVISORY_SEVERITIES_MAXIMUM, &list);
    if (status != 0)
        return status;
    struct rb_severity *severities =
        rb_arena_array(record->arena, json_array_size(list) + 1, sizeof(*severities));
    size_t count = 0;
    json_array_foreach(list, i, item)
    {
        const char *type = rb_json_get_string(item, "type", NULL);
        const char *score = rb_json_get_string(item, "score", NULL);
        if (type == NULL || score == NULL)
            return wrong(record, "severity", "a list of types with their scores");
        severities[count++] =
            (struct rb_severity){severity_type(type), score, score_of(severity_type(type), score)};
    }
    const char *word = rb_json_get_string(json_object_get(object, specific), "severity", NULL);
    if (word != NULL)
        severities[count++] = (struct rb_severity){RB_SEVERITY_OTHER, word, RB_SEVERITY_NO_SCORE};
    *ret_severities = severities;
    *ret_count = count;
    return 0;
}

/* Of an event object each member that is known: the schema allows one, databases have had two. */
static size_t read_event(const json_t *object, struct rb_range_event *events)
{
    static const char *const names[] = {
        [RB_EVENT_INTRODUCED] = "introduced",
        [RB_EVENT_FIXED] = "fixed",
        [RB_EVENT_LAST_AFFECTED] = "last_affected",
        [RB_EVENT_LIMIT] = "limit",
    };
    size_t count = 0;
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        const char *version = rb_json_get_string(object, names[i], NULL);
        if (version != NULL)
            events[count++] = (struct rb_range_event){(enum rb_event_kind)i, version};
    }
    return count;
}

static enum rb_range_type range_type(const char *name)
{
    static const char *const names[] = {
        [RB_RANGE_SEMVER] = "SEMVER",
        [RB_RANGE_ECOSYSTEM] = "ECOSYSTEM",
        [RB_RANGE_GIT] = "GIT",
    };
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        if (strcmp(names[i], name) == 0)
            return (enum rb_range_type)i;
    }
    return RB_RANGE_OTHER;
}

static int read_range(const struct record *record, const json_t *object, struct rb_range *ret_range)
{
    enum { MEMBERS_OF_EVENT = 4 };
    const json_t *list, *item;
    size_t i, count = 0;
    const char *type = rb_json_get_string(object, "type", NULL);
    if (type == NULL)
        return wrong(record, "ranges", "a list of objects with a type");
    int status = get_list(record, object, "events", RB_ADVISORY_EVENTS_MAXIMUM, &list);
    if (status != 0)
        return status;
    struct rb_range_event *events =
        rb_arena_array(record->arena, json_array_size(list) * MEMBERS_OF_EVENT, sizeof(*events));
    json_array_foreach(list, i, item)
    {
        count += read_event(item, events + count);
    }
    *ret_range = (struct rb_range){
        .type = range_type(type),
        .repository = rb_json_get_string(object, "repo", ""),
        .events = events,
        .event_count = count,
    };
    return 0;
}

static int read_ranges(const struct record *record, const json_t *object,
                       struct rb_affected *affected)
{
    const json_t *list, *item;
    size_t i;
    int status = get_list(record, object, "ranges", RB_ADVISORY_RANGES_MAXIMUM, &list);
    if (status != 0)
        return status;
    struct rb_range *ranges = rb_arena_array(record->arena, json_array_size(list), sizeof(*ranges));
    json_array_foreach(list, i, item)
    {
        status = read_range(record, item, &ranges[i]);
        if (status != 0)
            return status;
    }
    affected->ranges = ranges;
    affected->range_count = json_array_size(list);
    return 0;
}

static int read_affected(const struct record *record, const json_t *object,
                         struct rb_affected *ret_affected)
{
    const json_t *package = json_object_get(object, "package");
    const char *ecosystem = rb_json_get_string(package, "ecosystem", "");
    if (!json_is_object(object))
        return wrong(record, "affected", "a list of objects");
    *ret_affected = (struct rb_affected){
        .ecosystem = rb_ecosystem_parse(ecosystem, record->arena),
        .package = rb_json_get_string(package, "name", ""),
        .urgency = rb_json_get_string(json_object_get(object, "ecosystem_specific"), "urgency", ""),
        .postponed = "",
        .reason = "",
    };
    int status = read_ranges(record, object, ret_affected);
    if (status == 0)
        status = read_texts(record, object, "versions", RB_ADVISORY_VERSIONS_MAXIMUM,
                            &ret_affected->versions, &ret_affected->version_count);
    if (status == 0)
        status = read_severities(record, object, "ecosystem_specific", &ret_affected->severities,
                                 &ret_affected->severity_count);
    return status;
}

static int read_all_affected(struct record *record, const json_t *object)
{
    const json_t *list, *item;
    size_t i;
    int status = get_list(record, object, "affected", RB_ADVISORY_AFFECTED_MAXIMUM, &list);
    if (status != 0)
        return status;
    struct rb_affected *affected =
        rb_arena_array(record->arena, json_array_size(list), sizeof(*affected));
    json_array_foreach(list, i, item)
    {
        status = read_affected(record, item, &affected[i]);
        if (status != 0)
            return status;
    }
    record->advisory.affected = affected;
    record->advisory.affected_count = json_array_size(list);
    return 0;
}

static int read_time(const struct record *record, const json_t *object, const char *member,
                     int64_t *ret_at)
{
    const char *text = rb_json_get_string(object, member, NULL);
    if (text != NULL && rb_time_parse(text, ret_at, record->err) != 0)
        return rb_err_wrap(record->err, "%s: \"%s\"", record->what, member);
    return 0;
}

static bool is_of_distribution(const struct rb_advisory *advisory)
{
    const struct rb_ecosystem_kind *kind =
        advisory->affected_count == 0
            ? NULL
            : rb_ecosystem_kind_find(advisory->affected[0].ecosystem.name);
    return kind != NULL && rb_package_type_is_distribution(kind->type);
}

static size_t move_cves(const char *const *texts, size_t count, const char **cves,
                        const char **others)
{
    size_t found = 0, left = 0;
    for (size_t i = 0; i < count; i++) {
        if (rb_text_starts_with(texts[i], "CVE-"))
            cves[found++] = texts[i];
        else if (others != NULL)
            others[left++] = texts[i];
    }
    return found;
}

static void find_upstream(const struct record *record, struct rb_advisory *advisory)
{
    if (!is_of_distribution(advisory) || advisory->upstream_count > 0)
        return;
    size_t alias_count = advisory->alias_count;
    const char **cves =
        rb_arena_array(record->arena, alias_count + advisory->related_count, sizeof(*cves));
    const char **others = rb_arena_array(record->arena, alias_count, sizeof(*others));
    size_t count = move_cves(advisory->aliases, alias_count, cves, others);
    advisory->aliases = others;
    advisory->alias_count = alias_count - count;
    if (count == 0)
        count = move_cves(advisory->related, advisory->related_count, cves, NULL);
    advisory->upstream = cves;
    advisory->upstream_count = count;
}

static int read_names(struct record *record, const json_t *object)
{
    struct rb_advisory *advisory = &record->advisory;
    int status = read_texts(record, object, "aliases", RB_ADVISORY_NAMES_MAXIMUM,
                            &advisory->aliases, &advisory->alias_count);
    if (status == 0)
        status = read_texts(record, object, "upstream", RB_ADVISORY_NAMES_MAXIMUM,
                            &advisory->upstream, &advisory->upstream_count);
    if (status == 0)
        status = read_texts(record, object, "related", RB_ADVISORY_NAMES_MAXIMUM,
                            &advisory->related, &advisory->related_count);
    return status;
}

static int read_times(struct record *record, const json_t *object)
{
    struct rb_advisory *advisory = &record->advisory;
    const char *modified;
    int status = rb_json_want_string(object, record->what, "modified", &modified, record->err);
    if (status == 0)
        status = read_time(record, object, "modified", &advisory->modified_at);
    if (status == 0)
        status = read_time(record, object, "published", &advisory->published_at);
    if (status == 0)
        status = read_time(record, object, "withdrawn", &advisory->withdrawn_at);
    return status;
}

static int read_record(struct record *record, const json_t *object)
{
    struct rb_advisory *advisory = &record->advisory;
    int status = rb_json_want_string(object, record->what, "id", &advisory->id, record->err);
    if (status != 0)
        return status;
    if (*advisory->id == '\0')
        return wrong(record, "id", "a name");
    advisory->summary = rb_json_get_string(object, "summary", "");
    status = read_times(record, object);
    if (status == 0)
        status = read_names(record, object);
    if (status == 0)
        status = read_severities(record, object, "database_specific", &advisory->severities,
                                 &advisory->severity_count);
    if (status == 0)
        status = read_all_affected(record, object);
    if (status == 0)
        find_upstream(record, advisory);
    return status;
}

int rb_osv_read(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                void *context, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *object = NULL;
    int status = rb_json_parse(data, size, what, &object, err);
    if (status != 0)
        return status;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct record record = {.arena = arena, .what = what, .err = err};
    status = read_record(&record, object);
    return status != 0 ? status : take(context, &record.advisory, err);
}
