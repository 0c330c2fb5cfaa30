/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/queue.h"

#include <stdlib.h>

#include "query.h"

enum { BUILDS_OF_MEDIAN = 5 };

static const char SQL_SET_TERMS[] =
    "INSERT INTO build_terms (build_id, priority, expected_ms, budget, budget_ms_a_day, bound,"
    " bound_most) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    " ON CONFLICT (build_id) DO UPDATE SET priority = excluded.priority,"
    " expected_ms = excluded.expected_ms, budget = excluded.budget,"
    " budget_ms_a_day = excluded.budget_ms_a_day, bound = excluded.bound,"
    " bound_most = excluded.bound_most";
static const char SQL_SET_WAIT[] =
    "INSERT INTO build_terms (build_id, wait_cause, wait_text, waits_for) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (build_id) DO UPDATE SET wait_cause = excluded.wait_cause,"
    " wait_text = excluded.wait_text, waits_for = excluded.waits_for";

static const char SQL_ADD_REQUEST[] =
    "INSERT INTO build_reasons (build_id, position, kind, subject, from_value, to_value)"
    " SELECT b.id, (SELECT count(*) FROM build_reasons WHERE build_id = b.id), 'manual', r.who, '',"
    " r.why FROM builds b CROSS JOIN requests r ON r.image_id = b.image_id"
    " WHERE b.id = ?1 AND r.build_id IS NULL ORDER BY r.id DESC LIMIT 1";
static const char SQL_SERVE[] = "UPDATE requests SET build_id = ?1 WHERE build_id IS NULL"
                                " AND image_id = (SELECT image_id FROM builds WHERE id = ?1)";
static const char SQL_LIFT[] =
    "INSERT INTO build_terms (build_id, priority) VALUES (?1, ?2)"
    " ON CONFLICT (build_id) DO UPDATE SET priority = max(priority, excluded.priority),"
    " budget = NULL, budget_ms_a_day = 0";
static const char SQL_IMAGE_OF[] = "SELECT image_id FROM builds WHERE id = ?1";

#define SQL_QUEUE(table)                                                                           \
    "SELECT b.id, b.image_id, p.name, b.state = 'running', b.created_at, b.started_at,"            \
    " ifnull(t.priority, 50), t.expected_ms, t.budget, t.budget_ms_a_day, t.bound, t.bound_most,"  \
    " ifnull(t.wait_cause, ''), ifnull(t.wait_text, ''), t.waits_for"                              \
    " FROM " table " CROSS JOIN images i ON i.id = b.image_id"                                     \
    " CROSS JOIN pipelines p ON p.id = i.pipeline_id"                                              \
    " LEFT JOIN build_terms t ON t.build_id = b.id"
static const char SQL_OPEN[] = SQL_QUEUE(
    "builds b INDEXED BY builds_open") " WHERE b.state IN ('queued', 'running') ORDER BY b.id";
static const char SQL_ONE[] = SQL_QUEUE("builds b") " WHERE b.id = ?1";

static const char SQL_USE[] =
    "SELECT p.name, ifnull(t.priority, 50), t.budget, max(b.finished_at),"
    " sum(max(0, b.finished_at - max(b.started_at, ?2)))"
    " FROM builds b INDEXED BY builds_finished CROSS JOIN images i ON i.id = b.image_id"
    " CROSS JOIN pipelines p ON p.id = i.pipeline_id"
    " LEFT JOIN build_terms t ON t.build_id = b.id"
    " WHERE b.finished_at > ?1 AND b.finished_at > 0 AND b.started_at > 0"
    " GROUP BY p.name, ifnull(t.priority, 50), t.budget";
#define SQL_SPENT                                                                                  \
    "SELECT count(*), ifnull(sum(max(0, b.finished_at - b.started_at)), 0)"                        \
    " FROM builds b INDEXED BY builds_finished"
static const char SQL_SPENT_BY_IMAGE[] = SQL_SPENT
    " WHERE b.finished_at > ?1 AND b.finished_at > 0 AND b.started_at > 0 AND b.image_id = ?2";
static const char SQL_SPENT_BY_PIPELINE[] = SQL_SPENT
    " CROSS JOIN images i ON i.id = b.image_id"
    " WHERE b.finished_at > ?1 AND b.finished_at > 0 AND b.started_at > 0 AND i.pipeline_id = ?2";
static const char SQL_TIMES[] =
    "SELECT finished_at - started_at FROM builds WHERE image_id = ?1 AND started_at > 0"
    " AND state IN ('succeeded', 'unchanged', 'unresolved') ORDER BY id DESC LIMIT ?2";

int rb_store_set_build_terms(struct rb_store *store, int64_t build_id,
                             const struct rb_build_terms *terms, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_SET_TERMS);
    query_bind_integer(&query, build_id);
    query_bind_integer(&query, terms->priority);
    query_bind_integer(&query, terms->expected_ms);
    query_bind_text(&query, terms->budget);
    query_bind_integer(&query, terms->budget_ms_a_day);
    query_bind_text(&query, terms->bound);
    query_bind_integer(&query, terms->bound_most);
    return change_end(store, query_run(&query, err), err);
}

int rb_store_set_build_wait(struct rb_store *store, int64_t build_id,
                            const struct rb_build_wait *wait, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_SET_WAIT);
    query_bind_integer(&query, build_id);
    query_bind_text(&query, wait->cause);
    query_bind_text(&query, wait->text);
    query_bind_text(&query, wait->waits_for);
    return change_end(store, query_run(&query, err), err);
}

static int lift(struct rb_store *store, int64_t build_id, int priority, struct rb_err *err)
{
    int64_t image_id = 0;
    struct query query = query_start(store, SQL_SERVE);
    query_bind_integer(&query, build_id);
    int status = query_run(&query, err);
    if (status != 0)
        return status;
    query = query_start(store, SQL_LIFT);
    query_bind_integer(&query, build_id);
    query_bind_integer(&query, priority);
    status = query_run(&query, err);
    if (status != 0)
        return status;
    query = query_start(store, SQL_IMAGE_OF);
    query_bind_integer(&query, build_id);
    status = query_find(&query, &image_id, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "build", build_id);
    return event_of_image(store, image_id, "build.joined", data, err);
}

int rb_store_join_requests(struct rb_store *store, int64_t build_id, int priority, bool *ret_joined,
                           struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_ADD_REQUEST);
    query_bind_integer(&query, build_id);
    status = query_run(&query, err);
    bool joined = status == 0 && query_changed(store) > 0;
    if (joined)
        status = lift(store, build_id, priority, err);
    status = change_end(store, status, err);
    *ret_joined = status == 0 && joined;
    return status;
}

static void read_row(struct query *query, struct rb_arena *arena, struct rb_queue_row *row)
{
    row->build_id = query_integer(query);
    row->image_id = query_integer(query);
    row->pipeline = query_text(query, arena);
    row->running = query_integer(query) != 0;
    row->queued_at = query_integer(query);
    row->started_at = query_integer(query);
    row->terms.priority = (int)query_integer(query);
    row->terms.expected_ms = query_integer(query);
    row->terms.budget = query_text(query, arena);
    row->terms.budget_ms_a_day = query_integer(query);
    row->terms.bound = query_text(query, arena);
    row->terms.bound_most = (int)query_integer(query);
    row->wait.cause = query_text(query, arena);
    row->wait.text = query_text(query, arena);
    row->wait.waits_for = query_text(query, arena);
}

int rb_store_queue(struct rb_store *store, struct rb_arena *arena, struct rb_queue_row **ret_rows,
                   size_t *ret_count, struct rb_err *err)
{
    struct rb_queue_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_OPEN);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_row(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_queued(struct rb_store *store, int64_t build_id, struct rb_arena *arena,
                    struct rb_queue_row *ret_row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, build_id);
    bool found = query_step(&query);
    if (found)
        read_row(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no build %lld", (long long)build_id);
    return status;
}

int rb_store_build_use(struct rb_store *store, int64_t since_at, int64_t used_since_at,
                       struct rb_arena *arena, struct rb_build_use **ret_rows, size_t *ret_count,
                       struct rb_err *err)
{
    struct rb_build_use *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_USE);
    query_bind_integer(&query, since_at);
    query_bind_integer(&query, used_since_at);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_build_use *row = &rows[count++];
        row->pipeline = query_text(&query, arena);
        row->priority = (int)query_integer(&query);
        row->budget = query_text(&query, arena);
        row->ended_at = query_integer(&query);
        row->used_ms = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

int rb_store_expected_build_ms(struct rb_store *store, int64_t image_id, int64_t *ret_ms,
                               struct rb_err *err)
{
    int64_t times[BUILDS_OF_MEDIAN];
    size_t count = 0;
    struct query query = query_start(store, SQL_TIMES);
    query_bind_integer(&query, image_id);
    query_bind_limit(&query, BUILDS_OF_MEDIAN);
    while (count < BUILDS_OF_MEDIAN && query_step(&query))
        times[count++] = query_integer(&query);
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    qsort(times, count, sizeof(*times), compare_times);
    *ret_ms = count == 0 || times[count / 2] < 0 ? 0 : times[count / 2];
    return 0;
}

int rb_store_build_spent(struct rb_store *store, const struct rb_build_account *account,
                         int64_t *ret_ms, int64_t *ret_builds, struct rb_err *err)
{
    bool of_image = account->image_id != 0;
    struct query query = query_start(store, of_image ? SQL_SPENT_BY_IMAGE : SQL_SPENT_BY_PIPELINE);
    query_bind_integer(&query, account->since_at);
    query_bind_integer(&query, of_image ? account->image_id : account->pipeline_id);
    *ret_ms = *ret_builds = 0;
    if (query_step(&query)) {
        *ret_builds = query_integer(&query);
        *ret_ms = query_integer(&query);
    }
    return query_end(&query, err);
}
