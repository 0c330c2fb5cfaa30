/* SPDX-License-Identifier: Apache-2.0 */
#include "deployments.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/deployments.h"

static const char SQL_ADD[] =
    "INSERT INTO rollouts (deployment_id, kind, artifact_id, spec_hash, started_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_TRY[] =
    "UPDATE deployments SET"
    " failures = iif(tried_artifact_id = ?2 AND tried_spec_hash = ?3, failures, 0),"
    " retry_at = 0, tried_artifact_id = ?2, tried_spec_hash = ?3 WHERE id = ?1";
static const char SQL_NOTE_RUNNER[] =
    "UPDATE rollouts SET job_folder = ?2, pid = ?3, pid_ticks = ?4"
    " WHERE id = ?1 AND state = 'running'";
static const char SQL_END[] =
    "UPDATE rollouts SET state = ?2, finished_at = ?3, error = ?4, pid = 0, pid_ticks = 0"
    " WHERE id = ?1";
static const char SQL_HOLDS[] =
    "UPDATE deployments SET artifact_id = ?2, rolled_spec_hash = ?3, failures = 0, retry_at = 0"
    " WHERE id = ?1";
static const char SQL_FAILED[] =
    "UPDATE deployments SET failures = failures + 1, retry_at = ?2 WHERE id = ?1";
static const char SQL_SPEC[] = "SELECT spec_hash FROM rollouts WHERE id = ?1";

#define SQL_ROLLOUTS(table)                                                                        \
    "SELECT r.id, r.deployment_id, p.name, d.name, r.kind, r.artifact_id, a.digest, r.state,"      \
    " r.started_at, r.finished_at, r.error, r.job_folder, r.pid, r.pid_ticks, r.decision_id"       \
    " FROM " table " CROSS JOIN deployments d ON d.id = r.deployment_id"                           \
    " CROSS JOIN pipelines p ON p.id = d.pipeline_id"                                              \
    " CROSS JOIN artifacts a ON a.id = r.artifact_id"
#define SQL_EACH         SQL_ROLLOUTS("rollouts r")
#define SQL_RUNNING      SQL_ROLLOUTS("rollouts r INDEXED BY rollouts_open") " WHERE r.state = 'running'"
#define SQL_NEWEST_FIRST " ORDER BY r.id DESC LIMIT ?2"

static const char SQL_ONE[] = SQL_EACH " WHERE r.id = ?1";
static const char SQL_ALL[] = SQL_EACH " WHERE r.id < ?1" SQL_NEWEST_FIRST;
static const char SQL_OF_DEPLOYMENT[] = SQL_EACH " WHERE r.deployment_id = ?1" SQL_NEWEST_FIRST;
static const char SQL_OF_ARTIFACT[] = SQL_EACH " WHERE r.artifact_id = ?1" SQL_NEWEST_FIRST;
static const char SQL_OPEN[] = SQL_RUNNING " AND r.deployment_id <= ?1" SQL_NEWEST_FIRST;
static const char SQL_OPEN_OF_DEPLOYMENT[] =
    SQL_RUNNING " AND r.deployment_id = ?1" SQL_NEWEST_FIRST;

static void read_rollout(struct query *query, struct rb_arena *arena, struct rb_rollout_row *row)
{
    row->id = query_integer(query);
    row->deployment_id = query_integer(query);
    row->pipeline = query_text(query, arena);
    row->deployment = query_text(query, arena);
    row->kind = query_text(query, arena);
    row->artifact_id = query_integer(query);
    row->digest = query_text(query, arena);
    row->state = query_text(query, arena);
    row->started_at = query_integer(query);
    row->finished_at = query_integer(query);
    row->error = query_text(query, arena);
    row->job_folder = query_text(query, arena);
    row->pid = query_integer(query);
    row->pid_ticks = query_integer(query);
    row->decision_id = query_integer(query);
}

static int list_rollouts(struct query query, size_t limit, struct rb_arena *arena,
                         struct rb_rollout_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_rollout_row *rows = NULL;
    size_t count = 0, capacity = 0;
    query_bind_limit(&query, limit);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_rollout(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_rollouts(struct rb_store *store, int64_t deployment_id, bool open_only, size_t limit,
                      struct rb_arena *arena, struct rb_rollout_row **ret_rows, size_t *ret_count,
                      struct rb_err *err)
{
    struct query query = query_start(
        store, deployment_id != 0 ? (open_only ? SQL_OPEN_OF_DEPLOYMENT : SQL_OF_DEPLOYMENT)
                                  : (open_only ? SQL_OPEN : SQL_ALL));
    query_bind_integer(&query, deployment_id != 0 ? deployment_id : INT64_MAX);
    return list_rollouts(query, limit, arena, ret_rows, ret_count, err);
}

int rb_store_artifact_rollouts(struct rb_store *store, int64_t artifact_id, size_t limit,
                               struct rb_arena *arena, struct rb_rollout_row **ret_rows,
                               size_t *ret_count, struct rb_err *err)
{
    struct query query = query_start(store, SQL_OF_ARTIFACT);
    query_bind_integer(&query, artifact_id);
    return list_rollouts(query, limit, arena, ret_rows, ret_count, err);
}

/* The rollout, which must be running. */
static int want_running(struct rb_store *store, int64_t rollout_id, struct rb_arena *arena,
                        struct rb_rollout_row *row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, rollout_id);
    bool found = query_step(&query);
    if (found)
        read_rollout(&query, arena, row);
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    if (!found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no rollout %lld", (long long)rollout_id);
    if (!rb_text_equal(row->state, "running"))
        return rb_err_set(err, RB_EINVALID, "rollout %lld has ended already: it %s",
                          (long long)rollout_id, row->state);
    return 0;
}

static json_t *event_data(const struct rb_rollout_row *row)
{
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "rollout", row->id);
    rb_json_set_string(data, "kind", row->kind);
    rb_json_set_integer(data, "artifact", row->artifact_id);
    rb_json_set_string(data, "digest", row->digest);
    return data;
}

static int note_try(struct rb_store *store, int64_t deployment_id, int64_t artifact_id,
                    const char *spec_hash, struct rb_err *err)
{
    struct query query = query_start(store, SQL_TRY);
    query_bind_integer(&query, deployment_id);
    query_bind_integer(&query, artifact_id);
    query_bind_text(&query, spec_hash);
    return query_run(&query, err);
}

static int add_rollout(struct rb_store *store, int64_t deployment_id, const char *kind,
                       int64_t artifact_id, const char *spec_hash, int64_t *ret_id,
                       struct rb_err *err)
{
    struct query query = query_start(store, SQL_ADD);
    query_bind_integer(&query, deployment_id);
    query_bind_text(&query, kind);
    query_bind_integer(&query, artifact_id);
    query_bind_text(&query, spec_hash);
    query_bind_integer(&query, rb_clock_now(store->clock));
    return query_insert(&query, ret_id, err);
}

int rb_store_add_rollout(struct rb_store *store, int64_t deployment_id, const char *kind,
                         int64_t artifact_id, const char *spec_hash, int64_t *ret_id,
                         struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_rollout_row row = {0};
    int64_t id = 0;
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status = add_rollout(store, deployment_id, kind, artifact_id, spec_hash, &id, err);
    if (status == 0)
        status = note_try(store, deployment_id, artifact_id, spec_hash, err);
    if (status == 0)
        status = deployment_set_state(store, deployment_id, "deploying", "", err);
    if (status == 0)
        status = want_running(store, id, arena, &row, err);
    if (status == 0)
        status =
            event_of_deployment(store, deployment_id, "deployment.started", event_data(&row), err);
    status = change_end(store, status, err);
    if (status == 0)
        *ret_id = id;
    return status;
}

int rb_store_start_rollout(struct rb_store *store, int64_t rollout_id, const char *job_folder,
                           int64_t pid, int64_t pid_ticks, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_NOTE_RUNNER);
    query_bind_integer(&query, rollout_id);
    query_bind_text(&query, job_folder);
    query_bind_integer(&query, pid);
    query_bind_integer(&query, pid_ticks);
    status = query_run(&query, err);
    if (status == 0 && query_changed(store) == 0)
        status = rb_err_set(err, RB_EINVALID, "rollout %lld does not run", (long long)rollout_id);
    return change_end(store, status, err);
}

static int read_spec_hash(struct rb_store *store, int64_t rollout_id, struct rb_arena *arena,
                          const char **ret_hash, struct rb_err *err)
{
    struct query query = query_start(store, SQL_SPEC);
    query_bind_integer(&query, rollout_id);
    *ret_hash = query_step(&query) ? query_text(&query, arena) : NULL;
    return query_end(&query, err);
}

static int succeed(struct rb_store *store, const struct rb_rollout_row *row, struct rb_arena *arena,
                   struct rb_err *err)
{
    const char *spec_hash;
    int status = read_spec_hash(store, row->id, arena, &spec_hash, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_HOLDS);
    query_bind_integer(&query, row->deployment_id);
    query_bind_integer(&query, row->artifact_id);
    query_bind_text(&query, spec_hash);
    status = query_run(&query, err);
    if (status == 0)
        status = deployment_set_state(store, row->deployment_id, "healthy", "", err);
    if (status == 0)
        status = event_of_deployment(store, row->deployment_id, "deployment.succeeded",
                                     event_data(row), err);
    return status == 0 ? drift_resolve(store, row->deployment_id, NULL, err) : status;
}

static int fail(struct rb_store *store, const struct rb_rollout_row *row, const char *error,
                int64_t retry_at, struct rb_err *err)
{
    struct query query = query_start(store, SQL_FAILED);
    query_bind_integer(&query, row->deployment_id);
    query_bind_integer(&query, retry_at);
    int status = query_run(&query, err);
    if (status == 0)
        status = deployment_set_state(store, row->deployment_id, "failed", error, err);
    if (status != 0)
        return status;
    json_t *data = event_data(row);
    rb_json_set_string(data, "error", error);
    rb_json_set_time(data, "retryAt", retry_at);
    return event_of_deployment(store, row->deployment_id, "deployment.failed", data, err);
}

static int write_end(struct rb_store *store, int64_t rollout_id, const char *error,
                     int64_t retry_at, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_rollout_row row = {0};
    int status = want_running(store, rollout_id, arena, &row, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_END);
    query_bind_integer(&query, rollout_id);
    query_bind_text(&query, error == NULL ? "succeeded" : "failed");
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_text(&query, error);
    status = query_run(&query, err);
    if (status != 0)
        return status;
    return error == NULL ? succeed(store, &row, arena, err)
                         : fail(store, &row, error, retry_at, err);
}

int rb_store_end_rollout(struct rb_store *store, int64_t rollout_id, const char *error,
                         int64_t retry_at, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_end(store, rollout_id, error, retry_at, err), err);
}
