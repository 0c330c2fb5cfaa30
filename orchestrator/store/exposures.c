/* SPDX-License-Identifier: Apache-2.0 */
#include "exposures.h"

#include "query.h"
#include "rebake/base/memory.h"

static const char SQL_ADD[] =
    "INSERT INTO exposures (image_id, advisory, severity, kev, since) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (image_id, advisory) WHERE closed_at = 0"
    " DO UPDATE SET severity = excluded.severity, kev = excluded.kev"
    " WHERE severity <> excluded.severity OR kev <> excluded.kev";
static const char SQL_CLOSE[] = "UPDATE exposures SET closed_at = ?2 WHERE id = ?1";
static const char SQL_DEADLINE[] =
    "UPDATE exposures SET deadline = ?2, due_told = iif(?2 > deadline OR ?2 = 0, 0, due_told),"
    " breached_at = iif(?2 = 0 OR ?2 > ?3, 0, breached_at) WHERE id = ?1 AND deadline <> ?2";

static const char SQL_DROP[] =
    "UPDATE exposures SET deadline = 0, due_told = 0, breached_at = 0 WHERE closed_at = 0"
    " AND deadline > 0 AND image_id IN (SELECT id FROM images WHERE pipeline_id = ?1)";

/* In one transaction: the rest comes with the next look. */
#define TOLD_AT_ONCE "500"

#define SQL_ROWS                                                                                   \
    "SELECT e.id, e.image_id, p.name, i.name, e.advisory, e.severity, e.kev, e.since, e.deadline," \
    " e.breached_at FROM exposures e CROSS JOIN images i ON i.id = e.image_id"                     \
    " CROSS JOIN pipelines p ON p.id = i.pipeline_id"

static const char SQL_OF_IMAGE[] =
    SQL_ROWS " WHERE e.image_id = ?1 AND e.closed_at = 0 ORDER BY e.advisory";
static const char SQL_WITH_DEADLINE[] =
    SQL_ROWS " WHERE e.closed_at = 0 AND e.deadline > 0 ORDER BY e.deadline, e.id LIMIT ?1";
static const char SQL_DEADLINES_OF_IMAGE[] =
    SQL_ROWS " WHERE e.image_id = ?2 AND e.closed_at = 0 AND e.deadline > 0"
             " ORDER BY e.deadline, e.id LIMIT ?1";
static const char SQL_OVER[] =
    SQL_ROWS " WHERE e.closed_at = 0 AND e.deadline > 0 AND e.breached_at = 0 AND e.deadline <= ?1"
             " ORDER BY e.deadline LIMIT " TOLD_AT_ONCE;
static const char SQL_DUE[] =
    SQL_ROWS " WHERE e.closed_at = 0 AND e.deadline > 0 AND e.breached_at = 0 AND e.deadline > ?1"
             " AND e.due_told = 0 AND e.since + (e.deadline - e.since) / 4 * 3 <= ?1"
             " ORDER BY e.since + (e.deadline - e.since) / 4 * 3 LIMIT " TOLD_AT_ONCE;
static const char SQL_BREACH[] = "UPDATE exposures SET breached_at = ?2 WHERE id = ?1";
static const char SQL_TOLD[] = "UPDATE exposures SET due_told = 1 WHERE id = ?1";
static const char SQL_NEXT[] =
    "SELECT min(at) FROM (SELECT * FROM"
    " (SELECT since + (deadline - since) / 4 * 3 AS at FROM exposures INDEXED BY exposures_due"
    "  WHERE closed_at = 0 AND deadline > 0 AND breached_at = 0 AND due_told = 0"
    "  ORDER BY since + (deadline - since) / 4 * 3 LIMIT 1)"
    " UNION ALL SELECT * FROM (SELECT deadline FROM exposures INDEXED BY exposures_over"
    "  WHERE closed_at = 0 AND deadline > 0 AND breached_at = 0 ORDER BY deadline LIMIT 1))";
static const char SQL_SUM[] =
    "SELECT count(*) FILTER (WHERE deadline > 0),"
    " count(*) FILTER (WHERE deadline > 0 AND breached_at > 0),"
    " count(*) FILTER (WHERE deadline > 0 AND breached_at = 0 AND due_told = 1),"
    " min(deadline) FILTER (WHERE deadline > 0 AND breached_at = 0), count(*)"
    " FROM exposures WHERE closed_at = 0";
static const char SQL_BREACHES[] = "SELECT count(*) FROM exposures WHERE breached_at > 0";

static void read_row(struct query *query, struct rb_arena *arena, struct rb_exposure_row *row)
{
    row->id = query_integer(query);
    row->image_id = query_integer(query);
    row->pipeline = query_text(query, arena);
    row->image = query_text(query, arena);
    row->advisory = query_text(query, arena);
    row->severity = query_text(query, arena);
    row->kev = query_integer(query) != 0;
    row->since = query_integer(query);
    row->deadline_at = query_integer(query);
    row->breached_at = query_integer(query);
}

static int read_rows(struct query *query, struct rb_arena *arena, struct rb_exposure_row **ret_rows,
                     size_t *ret_count, struct rb_err *err)
{
    struct rb_exposure_row *rows = NULL;
    size_t count = 0, capacity = 0;
    while (query_step(query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_row(query, arena, &rows[count++]);
    }
    int status = query_end(query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_exposures(struct rb_store *store, int64_t image_id, struct rb_arena *arena,
                       struct rb_exposure_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct query query = query_start(store, SQL_OF_IMAGE);
    query_bind_integer(&query, image_id);
    return read_rows(&query, arena, ret_rows, ret_count, err);
}

int rb_store_deadlines(struct rb_store *store, int64_t image_id, size_t limit,
                       struct rb_arena *arena, struct rb_exposure_row **ret_rows, size_t *ret_count,
                       struct rb_err *err)
{
    struct query query =
        query_start(store, image_id == 0 ? SQL_WITH_DEADLINE : SQL_DEADLINES_OF_IMAGE);
    query_bind_limit(&query, limit);
    if (image_id != 0)
        query_bind_integer(&query, image_id);
    return read_rows(&query, arena, ret_rows, ret_count, err);
}

static int exposure_event(struct rb_store *store, const struct rb_exposure_row *row,
                          const char *name, struct rb_err *err)
{
    json_t *data = rb_json_object();
    rb_json_set_string(data, "advisory", row->advisory);
    rb_json_set_string(data, "severity", row->severity);
    rb_json_set_time(data, "since", row->since);
    rb_json_set_time(data, "deadline", row->deadline_at);
    return event_of_image(store, row->image_id, name, data, err);
}

static int run_with_time(struct rb_store *store, const char *sql, int64_t id, int64_t at,
                         struct rb_err *err)
{
    struct query query = query_start(store, sql);
    query_bind_integer(&query, id);
    query_bind_integer(&query, at);
    return query_run(&query, err);
}

static int add_exposure(struct rb_store *store, int64_t image_id, const struct rb_exposure_row *row,
                        struct rb_err *err)
{
    struct query query = query_start(store, SQL_ADD);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, row->advisory);
    query_bind_text(&query, row->severity);
    query_bind_integer(&query, row->kev);
    query_bind_integer(&query, rb_clock_now(store->clock));
    return query_run(&query, err);
}

static int close_exposure(struct rb_store *store, const struct rb_exposure_row *row, bool is_mended,
                          struct rb_err *err)
{
    int64_t now_at = rb_clock_now(store->clock);
    bool is_late = !is_mended || row->breached_at != 0 || now_at > row->deadline_at;
    int status = run_with_time(store, SQL_CLOSE, row->id, now_at, err);
    if (status != 0 || row->deadline_at == 0)
        return status;
    return exposure_event(store, row, is_late ? "sla.closed" : "sla.met", err);
}

/* By advisory: names are looked up in an object, since lists of thousands are compared. */
static json_t *names_of(const struct rb_exposure_row *rows, size_t count)
{
    json_t *names = rb_json_object();
    for (size_t i = 0; i < count; i++)
        rb_json_set_bool(names, rows[i].advisory, true);
    return names;
}

static int write_exposures(struct rb_store *store, int64_t image_id,
                           const struct rb_exposure_row *rows, size_t count, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *names = names_of(rows, count);
    struct rb_exposure_row *known;
    size_t known_count;
    int status = rb_store_exposures(store, image_id, arena, &known, &known_count, err);
    for (size_t i = 0; status == 0 && i < known_count; i++) {
        if (json_object_get(names, known[i].advisory) == NULL)
            status = close_exposure(store, &known[i], true, err);
    }
    for (size_t i = 0; status == 0 && i < count; i++)
        status = add_exposure(store, image_id, &rows[i], err);
    return status;
}

int rb_store_set_exposures(struct rb_store *store, int64_t image_id,
                           const struct rb_exposure_row *rows, size_t count, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_exposures(store, image_id, rows, count, err), err);
}

int exposures_close(struct rb_store *store, int64_t image_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_exposure_row *rows;
    size_t count;
    int status = rb_store_exposures(store, image_id, arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = close_exposure(store, &rows[i], false, err);
    return status;
}

int rb_store_drop_deadlines(struct rb_store *store, int64_t pipeline_id, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_DROP);
    query_bind_integer(&query, pipeline_id);
    return change_end(store, query_run(&query, err), err);
}

int rb_store_set_deadline(struct rb_store *store, int64_t exposure_id, int64_t deadline_at,
                          struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_DEADLINE);
    query_bind_integer(&query, exposure_id);
    query_bind_integer(&query, deadline_at);
    query_bind_integer(&query, rb_clock_now(store->clock));
    return change_end(store, query_run(&query, err), err);
}

static int read_times(struct rb_store *store, const char *sql, int64_t at, struct rb_arena *arena,
                      struct rb_exposure_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct query query = query_start(store, sql);
    query_bind_integer(&query, at);
    return read_rows(&query, arena, ret_rows, ret_count, err);
}

static int mark_due(struct rb_store *store, const struct rb_exposure_row *row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_TOLD);
    query_bind_integer(&query, row->id);
    int status = query_run(&query, err);
    return status == 0 ? exposure_event(store, row, "sla.due", err) : status;
}

static int watch(struct rb_store *store, int64_t now_at, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_exposure_row *over, *due;
    size_t over_count, due_count;
    int status = read_times(store, SQL_OVER, now_at, arena, &over, &over_count, err);
    if (status == 0)
        status = read_times(store, SQL_DUE, now_at, arena, &due, &due_count, err);
    for (size_t i = 0; status == 0 && i < over_count; i++) {
        status = run_with_time(store, SQL_BREACH, over[i].id, now_at, err);
        if (status == 0)
            status = exposure_event(store, &over[i], "sla.breached", err);
    }
    for (size_t i = 0; status == 0 && i < due_count; i++)
        status = mark_due(store, &due[i], err);
    return status;
}

int rb_store_watch_deadlines(struct rb_store *store, int64_t *ret_next_at, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status = change_end(store, watch(store, rb_clock_now(store->clock), err), err);
    if (status != 0)
        return status;
    *ret_next_at = 0;
    struct query query = query_start(store, SQL_NEXT);
    if (query_step(&query))
        *ret_next_at = query_integer(&query);
    return query_end(&query, err);
}

int rb_store_sla(struct rb_store *store, struct rb_sla_sum *ret_sum, struct rb_err *err)
{
    *ret_sum = (struct rb_sla_sum){0};
    struct query query = query_start(store, SQL_SUM);
    if (query_step(&query)) {
        ret_sum->open = query_integer(&query);
        ret_sum->breached = query_integer(&query);
        ret_sum->due = query_integer(&query);
        ret_sum->next_at = query_integer(&query);
        ret_sum->exposed = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    struct query breaches = query_start(store, SQL_BREACHES);
    if (query_step(&breaches))
        ret_sum->breaches = query_integer(&breaches);
    return query_end(&breaches, err);
}
