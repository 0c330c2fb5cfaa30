/* SPDX-License-Identifier: Apache-2.0 */
/* Sources and the names that pipelines have for them; what checks found is in versions.c. */
#include "rebake/store/sources.h"

#include "query.h"
#include "rebake/base/memory.h"

static const char SQL_FIND[] = "SELECT id FROM sources WHERE identity = ?1";
static const char SQL_ADD[] =
    "INSERT INTO sources (identity, kind, spec, description) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_FIND_NAME[] =
    "SELECT source_id FROM source_names WHERE pipeline_id = ?1 AND name = ?2";
static const char SQL_BIND_NAME[] =
    "INSERT INTO source_names (pipeline_id, name, source_id) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (pipeline_id, name) DO UPDATE SET source_id = excluded.source_id";
static const char SQL_UNBIND_NAME[] =
    "DELETE FROM source_names WHERE pipeline_id = ?1 AND name = ?2";
static const char SQL_DROPPED_NAMES[] =
    "SELECT name FROM source_names"
    " WHERE pipeline_id = ?1 AND name NOT IN (SELECT value FROM json_each(?2))";
static const char SQL_PIPELINE_NAME[] = "SELECT name FROM pipelines WHERE id = ?1";
static const char SQL_NEXT_CHECK[] = "UPDATE sources SET next_check_at = ?2 WHERE id = ?1";

#define SQL_SOURCES                                                                                \
    "SELECT s.id, s.kind, s.spec, s.description, s.memo, s.last_check_at, s.last_good_at,"         \
    " s.last_change_at, s.next_check_at, s.failures, s.error_code, s.error, s.requests, s.bytes,"  \
    " s.trouble, s.trouble_since, s.interval_ms, s.checks, s.version_id, v.value, v.detail,"       \
    " (SELECT group_concat(name, ', ') FROM (SELECT p.name || '/' || n.name AS name"               \
    "   FROM source_names n JOIN pipelines p ON p.id = n.pipeline_id"                              \
    "   WHERE n.source_id = s.id ORDER BY 1))"                                                     \
    " FROM sources s LEFT JOIN versions v ON v.id = s.version_id"

static const char SQL_LIST[] =
    SQL_SOURCES " WHERE EXISTS (SELECT 1 FROM source_names n WHERE n.source_id = s.id)"
                " ORDER BY s.description, s.id";
static const char SQL_ONE[] = SQL_SOURCES " WHERE s.id = ?1";
static const char SQL_BY_IDENTITY[] = SQL_SOURCES " WHERE s.identity = ?1";

static int add_source(struct rb_store *store, const char *identity, const char *kind,
                      const char *spec, const char *description, int64_t *ret_id,
                      struct rb_err *err)
{
    struct query query = query_start(store, SQL_ADD);
    query_bind_text(&query, identity);
    query_bind_text(&query, kind);
    query_bind_text(&query, spec);
    query_bind_text(&query, description);
    return query_insert(&query, ret_id, err);
}

static int name_event(struct rb_store *store, int64_t source_id, int64_t pipeline_id,
                      const char *name, const char *event, const char *description,
                      struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *pipeline = NULL;
    struct query query = query_start(store, SQL_PIPELINE_NAME);
    query_bind_integer(&query, pipeline_id);
    if (query_step(&query))
        pipeline = query_text(&query, arena);
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_string(data, "name", rb_arena_printf(arena, "%s/%s", pipeline, name));
    if (description != NULL)
        rb_json_set_string(data, "description", description);
    return event_of_source(store, source_id, event, data, err);
}

static int find_name(struct rb_store *store, int64_t pipeline_id, const char *name,
                     int64_t *ret_source_id, struct rb_err *err)
{
    struct query query = query_start(store, SQL_FIND_NAME);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, name);
    return query_find(&query, ret_source_id, err);
}

static int unbind_name(struct rb_store *store, int64_t pipeline_id, const char *name,
                       struct rb_err *err)
{
    int64_t source_id;
    int status = find_name(store, pipeline_id, name, &source_id, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_UNBIND_NAME);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, name);
    status = query_run(&query, err);
    if (status == 0)
        status = name_event(store, source_id, pipeline_id, name, "source.removed", NULL, err);
    return status;
}

static int bind_name(struct rb_store *store, int64_t pipeline_id, const char *name,
                     int64_t old_source_id, int64_t source_id, const char *description,
                     struct rb_err *err)
{
    struct query query = query_start(store, SQL_BIND_NAME);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, name);
    query_bind_integer(&query, source_id);
    int status = query_run(&query, err);
    if (status == 0 && old_source_id != 0)
        status = name_event(store, old_source_id, pipeline_id, name, "source.removed", NULL, err);
    if (status == 0)
        status = name_event(store, source_id, pipeline_id, name, "source.added", description, err);
    return status;
}

int rb_store_put_source(struct rb_store *store, int64_t pipeline_id, const char *name,
                        const char *identity, const char *kind, const char *spec,
                        const char *description, int64_t *ret_id, struct rb_err *err)
{
    int64_t id = 0, bound = 0;
    struct query query = query_start(store, SQL_FIND);
    query_bind_text(&query, identity);
    int status = query_find(&query, &id, err);
    if (status == 0)
        status = find_name(store, pipeline_id, name, &bound, err);
    if (status == 0 && (id == 0 || bound != id)) {
        status = change_begin(store, err);
        if (status != 0)
            return status;
        if (id == 0)
            status = add_source(store, identity, kind, spec, description, &id, err);
        if (status == 0)
            status = bind_name(store, pipeline_id, name, bound, id, description, err);
        status = change_end(store, status, err);
    }
    if (status == 0)
        *ret_id = id;
    return status;
}

int rb_store_retain_sources(struct rb_store *store, int64_t pipeline_id, const char *const *names,
                            struct rb_err *err)
{
    return change_retain(store, pipeline_id, names, SQL_DROPPED_NAMES, unbind_name, err);
}

static void read_source(struct query *query, struct rb_arena *arena, struct rb_source_row *row)
{
    row->id = query_integer(query);
    row->kind = query_text(query, arena);
    row->spec = query_text(query, arena);
    row->description = query_text(query, arena);
    row->memo = query_text(query, arena);
    row->last_check_at = query_integer(query);
    row->last_good_at = query_integer(query);
    row->last_change_at = query_integer(query);
    row->next_check_at = query_integer(query);
    row->failures = (int)query_integer(query);
    row->error_code = query_text(query, arena);
    row->error = query_text(query, arena);
    row->requests = query_integer(query);
    row->bytes = query_integer(query);
    row->trouble = query_text(query, arena);
    row->trouble_since = query_integer(query);
    row->interval_ms = query_integer(query);
    row->checks = query_integer(query);
    row->version_id = query_integer(query);
    row->version = query_text(query, arena);
    row->version_detail = query_text(query, arena);
    row->names = query_text(query, arena);
    if (row->names == NULL)
        row->names = "";
}

int rb_store_sources(struct rb_store *store, struct rb_arena *arena,
                     struct rb_source_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_source_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_source(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_source(struct rb_store *store, int64_t id, struct rb_arena *arena,
                    struct rb_source_row *ret_row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    bool found = query_step(&query);
    if (found)
        read_source(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no source %lld", (long long)id);
    return status;
}

int rb_store_source_by_identity(struct rb_store *store, const char *identity,
                                struct rb_arena *arena, struct rb_source_row *ret_row,
                                struct rb_err *err)
{
    struct query query = query_start(store, SQL_BY_IDENTITY);
    query_bind_text(&query, identity);
    bool found = query_step(&query);
    if (found)
        read_source(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no source with the identity %s", identity);
    return status;
}

int rb_store_set_next_check(struct rb_store *store, int64_t source_id, int64_t next_check_at,
                            struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_NEXT_CHECK);
    query_bind_integer(&query, source_id);
    query_bind_integer(&query, next_check_at);
    status = query_run(&query, err);
    if (status == 0 && query_changed(store) == 0)
        status = rb_err_set(err, RB_ENOTFOUND, "there is no source %lld", (long long)source_id);
    return change_end(store, status, err);
}
