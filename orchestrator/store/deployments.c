/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/deployments.h"

#include "deployments.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char SQL_FIND[] = "SELECT id, image_id, spec_hash, retired_at FROM deployments"
                               " WHERE pipeline_id = ?1 AND name = ?2";
static const char SQL_ADD[] =
    "INSERT INTO deployments (image_id, spec_hash, pipeline_id, name, state_since)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_CHANGE[] =
    "UPDATE deployments SET image_id = ?1, spec_hash = ?2, retired_at = 0 WHERE id = ?3";
static const char SQL_DROPPED[] =
    "SELECT name FROM deployments WHERE pipeline_id = ?1 AND retired_at = 0"
    " AND name NOT IN (SELECT value FROM json_each(?2))";
static const char SQL_RETIRE[] = "UPDATE deployments SET retired_at = ?2 WHERE id = ?1";
static const char SQL_SET_STATE[] =
    "UPDATE deployments SET state_since = iif(state = ?2, state_since, ?3), state = ?2, cause = ?4"
    " WHERE id = ?1";
static const char SQL_HELD[] = "UPDATE deployments SET held = ?2, held_cause = ?3"
                               " WHERE id = ?1 AND (held IS NOT ?2 OR held_cause IS NOT ?3)";
static const char SQL_NEXT_OBSERVE[] = "UPDATE deployments SET next_observe_at = ?2 WHERE id = ?1";

/* Failures count for what is wanted now: another artifact or definition starts from none. */
#define SQL_TRIED_AS_WANTED                                                                        \
    "d.tried_spec_hash = d.spec_hash AND d.tried_artifact_id ="                                    \
    " (SELECT max(w.id) FROM artifacts w WHERE w.image_id = d.image_id AND w.good = 1)"

#define SQL_DEPLOYMENTS                                                                            \
    "SELECT d.id, d.pipeline_id, p.name, d.name, d.image_id, i.name, d.spec_hash, d.artifact_id,"  \
    " a.digest, d.rolled_spec_hash, d.state, d.cause, d.state_since, d.observed_at,"               \
    " d.next_observe_at, iif(" SQL_TRIED_AS_WANTED ", d.failures, 0),"                             \
    " iif(" SQL_TRIED_AS_WANTED ", d.retry_at, 0), d.held, d.held_cause"                           \
    " FROM deployments d JOIN pipelines p ON p.id = d.pipeline_id"                                 \
    " JOIN images i ON i.id = d.image_id LEFT JOIN artifacts a ON a.id = d.artifact_id"

static const char SQL_LIST[] = SQL_DEPLOYMENTS " WHERE d.retired_at = 0 ORDER BY p.name, d.name";
static const char SQL_ONE[] = SQL_DEPLOYMENTS " WHERE d.id = ?1";

/* What the store has of a deployment that a pipeline file names. */
struct known {
    int64_t id; /* 0: not known */
    int64_t image_id;
    const char *spec_hash;
    bool retired;
};

static int find_deployment(struct rb_store *store, int64_t pipeline_id, const char *name,
                           struct rb_arena *arena, struct known *known, struct rb_err *err)
{
    *known = (struct known){0};
    struct query query = query_start(store, SQL_FIND);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, name);
    if (query_step(&query)) {
        known->id = query_integer(&query);
        known->image_id = query_integer(&query);
        known->spec_hash = query_text(&query, arena);
        known->retired = query_integer(&query) != 0;
    }
    return query_end(&query, err);
}

static int write_deployment(struct rb_store *store, int64_t pipeline_id, const char *name,
                            int64_t image_id, const char *spec_hash, struct known *known,
                            struct rb_err *err)
{
    bool is_new = known->id == 0 || known->retired;
    struct query query = query_start(store, known->id == 0 ? SQL_ADD : SQL_CHANGE);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, spec_hash);
    if (known->id == 0) {
        query_bind_integer(&query, pipeline_id);
        query_bind_text(&query, name);
        query_bind_integer(&query, rb_clock_now(store->clock));
    } else {
        query_bind_integer(&query, known->id);
    }
    int status = known->id == 0 ? query_insert(&query, &known->id, err) : query_run(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "image", image_id);
    if (!is_new)
        rb_json_set_string(data, "from", known->spec_hash);
    rb_json_set_string(data, is_new ? "specHash" : "to", spec_hash);
    return event_of_deployment(store, known->id, is_new ? "deployment.added" : "deployment.changed",
                               data, err);
}

int rb_store_put_deployment(struct rb_store *store, int64_t pipeline_id, const char *name,
                            int64_t image_id, const char *spec_hash, int64_t *ret_id,
                            struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct known known;
    int status = find_deployment(store, pipeline_id, name, arena, &known, err);
    if (status == 0 && (known.retired || known.image_id != image_id ||
                        !rb_text_equal(known.spec_hash, spec_hash))) {
        status = change_begin(store, err);
        if (status != 0)
            return status;
        status = write_deployment(store, pipeline_id, name, image_id, spec_hash, &known, err);
        status = change_end(store, status, err);
    }
    if (status == 0)
        *ret_id = known.id;
    return status;
}

static int retire_deployment(struct rb_store *store, int64_t pipeline_id, const char *name,
                             struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct known known;
    int status = find_deployment(store, pipeline_id, name, arena, &known, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_RETIRE);
    query_bind_integer(&query, known.id);
    query_bind_integer(&query, rb_clock_now(store->clock));
    status = query_run(&query, err);
    return status == 0 ? event_of_deployment(store, known.id, "deployment.removed", NULL, err)
                       : status;
}

int rb_store_retain_deployments(struct rb_store *store, int64_t pipeline_id,
                                const char *const *names, struct rb_err *err)
{
    return change_retain(store, pipeline_id, names, SQL_DROPPED, retire_deployment, err);
}

static void read_deployment(struct query *query, struct rb_arena *arena,
                            struct rb_deployment_row *row)
{
    row->id = query_integer(query);
    row->pipeline_id = query_integer(query);
    row->pipeline = query_text(query, arena);
    row->name = query_text(query, arena);
    row->image_id = query_integer(query);
    row->image = query_text(query, arena);
    row->spec_hash = query_text(query, arena);
    row->artifact_id = query_integer(query);
    row->digest = query_text(query, arena);
    row->rolled_spec_hash = query_text(query, arena);
    row->state = query_text(query, arena);
    row->cause = query_text(query, arena);
    row->state_since = query_integer(query);
    row->observed_at = query_integer(query);
    row->next_observe_at = query_integer(query);
    row->failures = (int)query_integer(query);
    row->retry_at = query_integer(query);
    row->held = query_text(query, arena);
    row->held_cause = query_text(query, arena);
}

int rb_store_deployments(struct rb_store *store, struct rb_arena *arena,
                         struct rb_deployment_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_deployment_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_deployment(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_deployment(struct rb_store *store, int64_t id, struct rb_arena *arena,
                        struct rb_deployment_row *ret_row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    bool found = query_step(&query);
    if (found)
        read_deployment(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no deployment %lld", (long long)id);
    return status;
}

int deployment_set_state(struct rb_store *store, int64_t deployment_id, const char *state,
                         const char *cause, struct rb_err *err)
{
    struct query query = query_start(store, SQL_SET_STATE);
    query_bind_integer(&query, deployment_id);
    query_bind_text(&query, state);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_text(&query, cause);
    return query_run(&query, err);
}

static int write_held(struct rb_store *store, int64_t deployment_id, const char *held,
                      const char *cause, struct rb_err *err)
{
    struct query query = query_start(store, SQL_HELD);
    query_bind_integer(&query, deployment_id);
    query_bind_text(&query, held);
    query_bind_text(&query, cause);
    int status = query_run(&query, err);
    if (status != 0 || query_changed(store) == 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_string(data, "held", held);
    rb_json_set_string(data, "cause", cause);
    return event_of_deployment(store, deployment_id, "deployment.held", data, err);
}

int rb_store_set_deployment_held(struct rb_store *store, int64_t deployment_id, const char *held,
                                 const char *cause, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_held(store, deployment_id, held, cause, err), err);
}

int rb_store_set_next_observe(struct rb_store *store, int64_t deployment_id,
                              int64_t next_observe_at, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_NEXT_OBSERVE);
    query_bind_integer(&query, deployment_id);
    query_bind_integer(&query, next_observe_at);
    status = query_run(&query, err);
    if (status == 0 && query_changed(store) == 0)
        status =
            rb_err_set(err, RB_ENOTFOUND, "there is no deployment %lld", (long long)deployment_id);
    return change_end(store, status, err);
}
