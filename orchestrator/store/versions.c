/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of a source found: its versions, and how it is to see it. */
#include <stdio.h>
#include <string.h>

#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/sources.h"

static const char SQL_BEFORE[] =
    "SELECT failures, error_code, trouble, version_id FROM sources WHERE id = ?1";

#define SQL_CHECKED                                                                                \
    "UPDATE sources SET last_check_at = ?2, next_check_at = ?3, requests = requests + ?4,"         \
    " bytes = bytes + ?5, trouble_since = CASE WHEN ?6 = 'none' THEN 0"                            \
    " WHEN trouble = ?6 THEN trouble_since ELSE ?2 END, trouble = ?6, checks = checks + 1,"

static const char SQL_GOOD[] = SQL_CHECKED
    " last_good_at = ?2, failures = 0, error_code = NULL, error = NULL, interval_ms = ?7,"
    " memo = coalesce(?8, memo) WHERE id = ?1";
static const char SQL_FAILED[] =
    SQL_CHECKED " failures = failures + 1, error_code = ?7, error = ?8 WHERE id = ?1";
static const char SQL_ADD_VERSION[] =
    "INSERT INTO versions (source_id, value, detail, seen_at, upstream_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_MOVE[] =
    "UPDATE sources SET version_id = ?2, last_change_at = ?3 WHERE id = ?1";
static const char SQL_DETAIL[] =
    "UPDATE versions SET detail = ?2 WHERE id = ?1 AND detail IS NOT ?2";
static const char SQL_VALUE[] = "SELECT value FROM versions WHERE id = ?1";

#define SQL_VERSIONS "SELECT id, source_id, value, detail, seen_at, upstream_at FROM versions"

static const char SQL_ONE[] = SQL_VERSIONS " WHERE id = ?1";
/* By its number, its value, or how that begins, with or without the name of a digest's algorithm.
   Of equal values the newest, and a value in full before others that begin so. */
static const char SQL_NAMED[] =
    SQL_VERSIONS " WHERE source_id = ?1 AND (CAST(id AS TEXT) = ?2 OR (length(?2) >= 4"
                 " AND (substr(value, 1, length(?2)) = ?2 OR substr(value, 1, 7 + length(?2)) = "
                 "'sha256:' || ?2)))"
                 " ORDER BY value = ?2 DESC, CAST(id AS TEXT) = ?2 DESC, id DESC";
static const char SQL_LIST[] = SQL_VERSIONS " WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2";

/* The source as the check found it. */
struct before {
    int64_t failures;
    const char *error_code;
    const char *trouble;
    int64_t version_id;
};

static int read_before(struct rb_store *store, int64_t source_id, struct rb_arena *arena,
                       struct before *before, struct rb_err *err)
{
    struct query query = query_start(store, SQL_BEFORE);
    query_bind_integer(&query, source_id);
    bool found = query_step(&query);
    if (found) {
        before->failures = query_integer(&query);
        before->error_code = query_text(&query, arena);
        before->trouble = query_text(&query, arena);
        before->version_id = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no source %lld", (long long)source_id);
    return status;
}

static const char *trouble_of(const struct rb_check_record *record)
{
    return record->trouble == NULL ? "none" : record->trouble;
}

static int update_source(struct rb_store *store, const struct rb_check_record *record,
                         struct rb_err *err)
{
    bool good = record->error_code == NULL;
    struct query query = query_start(store, good ? SQL_GOOD : SQL_FAILED);
    query_bind_integer(&query, record->source_id);
    query_bind_integer(&query, record->checked_at);
    query_bind_integer(&query, record->next_check_at);
    query_bind_integer(&query, record->requests);
    query_bind_integer(&query, record->bytes);
    query_bind_text(&query, trouble_of(record));
    if (good)
        query_bind_integer(&query, record->interval_ms);
    else
        query_bind_text(&query, record->error_code);
    query_bind_text(&query, good ? record->memo : record->error);
    return query_run(&query, err);
}

/* By code and trouble, not by text: the words of one trouble differ from check to check. */
static int tell_health(struct rb_store *store, const struct rb_check_record *record,
                       const struct before *before, struct rb_err *err)
{
    const char *trouble = trouble_of(record);
    bool good = record->error_code == NULL, was_good = before->error_code == NULL;
    bool same_trouble = rb_text_equal(trouble, before->trouble);
    if (rb_text_equal(record->error_code, before->error_code) &&
        (same_trouble || (good && record->trouble == NULL)))
        return 0;
    json_t *data = rb_json_object();
    if (good && !was_good)
        rb_json_set_integer(data, "failures", before->failures);
    if (!good || record->trouble != NULL)
        rb_json_set_string(data, "trouble", trouble);
    if (!good) {
        rb_json_set_string(data, "code", record->error_code);
        rb_json_set_string(data, "error", record->error);
    }
    const char *name = !good ? "source.failed" : !was_good ? "source.recovered" : "source.moved";
    return event_of_source(store, record->source_id, name, data, err);
}

static int read_value(struct rb_store *store, int64_t version_id, struct rb_arena *arena,
                      const char **ret_value, struct rb_err *err)
{
    struct query query = query_start(store, SQL_VALUE);
    query_bind_integer(&query, version_id);
    *ret_value = query_step(&query) ? query_text(&query, arena) : NULL;
    return query_end(&query, err);
}

static int move_to_version(struct rb_store *store, const struct rb_check_record *record,
                           int64_t old_version_id, int64_t *ret_version_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *from = NULL;
    int status = read_value(store, old_version_id, arena, &from, err);
    if (status != 0)
        return status;
    struct query add = query_start(store, SQL_ADD_VERSION);
    query_bind_integer(&add, record->source_id);
    query_bind_text(&add, record->version);
    query_bind_text(&add, record->detail);
    query_bind_integer(&add, record->checked_at);
    query_bind_integer(&add, record->upstream_at);
    status = query_insert(&add, ret_version_id, err);
    if (status != 0)
        return status;
    struct query move = query_start(store, SQL_MOVE);
    query_bind_integer(&move, record->source_id);
    query_bind_integer(&move, *ret_version_id);
    query_bind_integer(&move, record->checked_at);
    status = query_run(&move, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "version", *ret_version_id);
    rb_json_set_string(data, "from", from);
    rb_json_set_string(data, "to", record->version);
    rb_json_set_time(data, "upstreamAt", record->upstream_at);
    return event_of_source(store, record->source_id, "source.changed", data, err);
}

static int replace_detail(struct rb_store *store, const struct rb_check_record *record,
                          int64_t version_id, struct rb_err *err)
{
    if (version_id == 0)
        return rb_err_set(err, RB_EINVALID, "source %lld has no version to give a detail to",
                          (long long)record->source_id);
    struct query query = query_start(store, SQL_DETAIL);
    query_bind_integer(&query, version_id);
    query_bind_text(&query, record->detail);
    return query_run(&query, err);
}

static int write_check(struct rb_store *store, const struct rb_check_record *record,
                       int64_t *ret_version_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct before before = {0};
    int status = read_before(store, record->source_id, arena, &before, err);
    if (status == 0)
        status = update_source(store, record, err);
    if (status == 0)
        status = tell_health(store, record, &before, err);
    if (status == 0 && record->version != NULL)
        status = move_to_version(store, record, before.version_id, ret_version_id, err);
    else if (status == 0 && record->detail != NULL)
        status = replace_detail(store, record, before.version_id, err);
    return status;
}

int rb_store_record_check(struct rb_store *store, const struct rb_check_record *record,
                          int64_t *ret_version_id, struct rb_err *err)
{
    int64_t version_id = 0;
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status = write_check(store, record, &version_id, err);
    status = change_end(store, status, err);
    if (status == 0 && ret_version_id != NULL)
        *ret_version_id = version_id;
    return status;
}

static void read_version(struct query *query, struct rb_arena *arena, struct rb_version_row *row)
{
    row->id = query_integer(query);
    row->source_id = query_integer(query);
    row->value = query_text(query, arena);
    row->detail = query_text(query, arena);
    row->seen_at = query_integer(query);
    row->upstream_at = query_integer(query);
}

int rb_store_version(struct rb_store *store, int64_t id, struct rb_arena *arena,
                     struct rb_version_row *ret_row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    bool found = query_step(&query);
    if (found)
        read_version(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no version %lld", (long long)id);
    return status;
}

int rb_store_versions(struct rb_store *store, int64_t source_id, size_t limit,
                      struct rb_arena *arena, struct rb_version_row **ret_rows, size_t *ret_count,
                      struct rb_err *err)
{
    struct rb_version_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    query_bind_integer(&query, source_id);
    query_bind_limit(&query, limit);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_version(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_version_named(struct rb_store *store, int64_t source_id, const char *text,
                           struct rb_arena *arena, struct rb_version_row *ret_row,
                           struct rb_err *err)
{
    char number[32];
    struct rb_version_row other = {0};
    bool found = false, is_ambiguous = false;
    struct query query = query_start(store, SQL_NAMED);
    query_bind_integer(&query, source_id);
    query_bind_text(&query, text);
    while (!is_ambiguous && query_step(&query)) {
        read_version(&query, arena, found ? &other : ret_row);
        (void)snprintf(number, sizeof(number), "%lld", (long long)ret_row->id);
        if (strcmp(ret_row->value, text) == 0 || strcmp(number, text) == 0) {
            found = true;
            break;
        }
        is_ambiguous = found && strcmp(other.value, ret_row->value) != 0;
        found = true;
    }
    int status = query_end(&query, err);
    if (status == 0 && is_ambiguous)
        return rb_err_set(err, RB_EINVALID, "several versions begin with %s: say more of it", text);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "no version %s of it was recorded", text);
    return status;
}
