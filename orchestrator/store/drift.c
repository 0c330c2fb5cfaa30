/* SPDX-License-Identifier: Apache-2.0 */
/* What looks at a target found, against what was deployed there. */
#include "deployments.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/deployments.h"

/* A look may find a changed tree of files; the log names the first of them. */
enum { ITEMS_IN_EVENT = 20 };

static const char SQL_STATE[] = "SELECT state FROM deployments WHERE id = ?1";
static const char SQL_SEEN_AGAIN[] =
    "UPDATE drift SET expected = ?4, found = ?5, last_seen_at = ?6 WHERE deployment_id = ?1"
    " AND kind = ?2 AND subject = ?3 AND resolved_at = 0 RETURNING id";
static const char SQL_ADD[] =
    "INSERT INTO drift (deployment_id, kind, subject, expected, found, first_seen_at,"
    " last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
static const char SQL_RESOLVE[] =
    "UPDATE drift SET resolved_at = ?2 WHERE deployment_id = ?1 AND resolved_at = 0"
    " AND id NOT IN (SELECT value FROM json_each(?3)) RETURNING kind, subject";
static const char SQL_OBSERVED[] =
    "UPDATE deployments SET observed_at = coalesce(?2, observed_at), next_observe_at = ?3"
    " WHERE id = ?1";

#define SQL_DRIFT                                                                                  \
    "SELECT id, deployment_id, kind, subject, expected, found, first_seen_at, last_seen_at,"       \
    " resolved_at FROM drift"

static const char SQL_ALL[] = SQL_DRIFT " WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
static const char SQL_OF_DEPLOYMENT[] =
    SQL_DRIFT " WHERE deployment_id = ?1 ORDER BY id DESC LIMIT ?2";
static const char SQL_OPEN[] = SQL_DRIFT " INDEXED BY drift_open WHERE resolved_at = 0 AND "
                                         "deployment_id <= ?1 ORDER BY id DESC LIMIT ?2";
static const char SQL_OPEN_OF_DEPLOYMENT[] = SQL_DRIFT
    " INDEXED BY drift_open WHERE resolved_at = 0 AND deployment_id = ?1 ORDER BY id DESC LIMIT ?2";

int drift_resolve(struct rb_store *store, int64_t deployment_id, const json_t *except,
                  struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_FREE char *kept = except == NULL ? rb_strdup("[]") : rb_json_canonical(except);
    RB_CLEANUP_JSON json_t *items = rb_json_array();
    int64_t count = 0;
    struct query query = query_start(store, SQL_RESOLVE);
    query_bind_integer(&query, deployment_id);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_text(&query, kept);
    for (; query_step(&query); count++) {
        if (count >= ITEMS_IN_EVENT)
            continue;
        json_t *item = rb_json_object();
        rb_json_set_string(item, "kind", query_text(&query, arena));
        rb_json_set_string(item, "subject", query_text(&query, arena));
        rb_json_append(items, item);
    }
    int status = query_end(&query, err);
    if (status != 0 || count == 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "count", count);
    rb_json_set(data, "items", rb_steal(&items));
    return event_of_deployment(store, deployment_id, "drift.resolved", data, err);
}

static void bind_item(struct query *query, int64_t deployment_id, const struct rb_drift_item *item)
{
    query_bind_integer(query, deployment_id);
    query_bind_text(query, item->kind);
    query_bind_text(query, item->subject);
    query_bind_text(query, item->expected);
    query_bind_text(query, item->found);
    query_bind_integer(query, rb_clock_now(query->store->clock));
}

static int put_item(struct rb_store *store, int64_t deployment_id, const struct rb_drift_item *item,
                    int64_t *ret_id, bool *ret_is_new, struct rb_err *err)
{
    struct query again = query_start(store, SQL_SEEN_AGAIN);
    bind_item(&again, deployment_id, item);
    int status = query_find(&again, ret_id, err);
    *ret_is_new = status == 0 && *ret_id == 0;
    if (!*ret_is_new)
        return status;
    struct query add = query_start(store, SQL_ADD);
    bind_item(&add, deployment_id, item);
    return query_insert(&add, ret_id, err);
}

static json_t *item_json(const struct rb_drift_item *item)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "kind", item->kind);
    rb_json_set_string(json, "subject", item->subject);
    rb_json_set_string(json, "expected", item->expected);
    rb_json_set_string(json, "found", item->found);
    return json;
}

/* Records the items, tells which rows they are, and appends drift.found when some are new. */
static int put_items(struct rb_store *store, int64_t deployment_id,
                     const struct rb_drift_item *items, size_t item_count, json_t *seen,
                     struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *new_items = rb_json_array();
    int64_t new_count = 0;
    for (size_t i = 0; i < item_count; i++) {
        int64_t id;
        bool is_new;
        int status = put_item(store, deployment_id, &items[i], &id, &is_new, err);
        if (status != 0)
            return status;
        rb_json_append(seen, json_integer(id));
        if (is_new && new_count++ < ITEMS_IN_EVENT)
            rb_json_append(new_items, item_json(&items[i]));
    }
    if (new_count == 0)
        return 0;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "count", new_count);
    rb_json_set(data, "items", rb_steal(&new_items));
    return event_of_deployment(store, deployment_id, "drift.found", data, err);
}

static int compare_with_found(struct rb_store *store, int64_t deployment_id,
                              const struct rb_drift_item *items, size_t item_count,
                              struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *seen = rb_json_array();
    int status = put_items(store, deployment_id, items, item_count, seen, err);
    if (status == 0)
        status = drift_resolve(store, deployment_id, seen, err);
    if (status != 0)
        return status;
    if (item_count == 0)
        return deployment_set_state(store, deployment_id, "healthy", "", err);
    RB_CLEANUP_FREE char *first =
        rb_asprintf("%s %s: %s", items[0].kind, items[0].subject, items[0].found);
    RB_CLEANUP_FREE char *cause =
        item_count == 1 ? rb_strdup(first) : rb_asprintf("%s, and %zu more", first, item_count - 1);
    return deployment_set_state(store, deployment_id, "drifted", cause, err);
}

static int note_reach(struct rb_store *store, int64_t deployment_id, const char *old_state,
                      const char *error, struct rb_err *err)
{
    bool was_reachable = !rb_text_equal(old_state, "unreachable");
    json_t *data = NULL;
    if (was_reachable == (error == NULL))
        return 0;
    if (error != NULL) {
        data = rb_json_object();
        rb_json_set_string(data, "error", error);
    }
    return event_of_deployment(store, deployment_id,
                               error != NULL ? "deployment.unreachable" : "deployment.reachable",
                               data, err);
}

static int read_state(struct rb_store *store, int64_t deployment_id, struct rb_arena *arena,
                      const char **ret_state, struct rb_err *err)
{
    struct query query = query_start(store, SQL_STATE);
    query_bind_integer(&query, deployment_id);
    *ret_state = query_step(&query) ? query_text(&query, arena) : NULL;
    int status = query_end(&query, err);
    if (status == 0 && *ret_state == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "there is no deployment %lld",
                          (long long)deployment_id);
    return status;
}

static int write_observation(struct rb_store *store, int64_t deployment_id,
                             const struct rb_drift_item *items, size_t item_count,
                             const char *error, int64_t next_observe_at, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *old_state;
    int status = read_state(store, deployment_id, arena, &old_state, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_OBSERVED);
    query_bind_integer(&query, deployment_id);
    query_bind_id(&query, error == NULL ? rb_clock_now(store->clock) : 0);
    query_bind_integer(&query, next_observe_at);
    status = query_run(&query, err);
    if (status == 0)
        status = note_reach(store, deployment_id, old_state, error, err);
    if (status != 0)
        return status;
    return error == NULL ? compare_with_found(store, deployment_id, items, item_count, err)
                         : deployment_set_state(store, deployment_id, "unreachable", error, err);
}

int rb_store_record_observation(struct rb_store *store, int64_t deployment_id,
                                const struct rb_drift_item *items, size_t item_count,
                                const char *error, int64_t next_observe_at, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status =
        write_observation(store, deployment_id, items, item_count, error, next_observe_at, err);
    return change_end(store, status, err);
}

int rb_store_drift(struct rb_store *store, int64_t deployment_id, bool open_only, size_t limit,
                   struct rb_arena *arena, struct rb_drift_row **ret_rows, size_t *ret_count,
                   struct rb_err *err)
{
    struct rb_drift_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(
        store, deployment_id != 0 ? (open_only ? SQL_OPEN_OF_DEPLOYMENT : SQL_OF_DEPLOYMENT)
                                  : (open_only ? SQL_OPEN : SQL_ALL));
    query_bind_integer(&query, deployment_id != 0 ? deployment_id : INT64_MAX);
    query_bind_limit(&query, limit);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_drift_row *row = &rows[count++];
        row->id = query_integer(&query);
        row->deployment_id = query_integer(&query);
        row->kind = query_text(&query, arena);
        row->subject = query_text(&query, arena);
        row->expected = query_text(&query, arena);
        row->found = query_text(&query, arena);
        row->first_seen_at = query_integer(&query);
        row->last_seen_at = query_integer(&query);
        row->resolved_at = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
