/* SPDX-License-Identifier: Apache-2.0 */
/* Builds with their reasons, from queued to their end; what came out is in artifacts.c. */
#include "rebake/store/builds.h"

#include <string.h>

#include "artifacts.h"
#include "query.h"
#include "rebake/base/memory.h"

static const char SQL_ADD[] =
    "INSERT INTO builds (image_id, attempt, lock, lock_hash, input_key, created_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char SQL_ADD_REASON[] =
    "INSERT INTO build_reasons (build_id, position, kind, subject, from_value, to_value,"
    " version_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char SQL_SERVE[] =
    "UPDATE requests SET build_id = ?2 WHERE image_id = ?1 AND build_id IS NULL";
static const char SQL_NOTE_RUNNER[] =
    "UPDATE builds SET state = 'running', job_folder = ?2, pid = ?3, pid_ticks = ?4,"
    " started_at = iif(started_at = 0, ?5, started_at) WHERE id = ?1";
static const char SQL_END[] =
    "UPDATE builds SET state = ?2, finished_at = ?3, error_class = ?4,"
    " error = iif(?2 = 'canceled' AND error IS NOT NULL, error, ?5), pid = 0, pid_ticks = 0,"
    " artifact_id = ?6, given_up = iif(?2 = 'canceled', max(given_up, ?7), 0) WHERE id = ?1";
static const char SQL_CANCEL[] = "UPDATE builds SET error = ?2 WHERE id = ?1";
static const char SQL_GIVE_UP[] = "UPDATE builds SET given_up = 1, error = ?2 WHERE id = ?1";
static const char SQL_REPLACE[] =
    "UPDATE builds SET attempt = ?2, lock = ?3, lock_hash = ?4, input_key = ?5 WHERE id = ?1";
static const char SQL_SET_TRIAL[] = "UPDATE builds SET trial = ?2 WHERE id = ?1";
static const char SQL_TRIAL[] =
    "SELECT state FROM builds WHERE image_id = ?1 AND trial = ?3 AND input_key = ?2"
    " AND state NOT IN ('queued', 'running') ORDER BY id DESC LIMIT 1";
static const char SQL_DROP_REASONS[] = "DELETE FROM build_reasons WHERE build_id = ?1";
static const char SQL_GIVEN_UP[] =
    "SELECT count(*) FROM builds"
    " WHERE image_id = ?1 AND id > ?2 AND given_up = 1 AND started_at > 0";
static const char SQL_REMAINS[] =
    "UPDATE build_reasons SET remains = 1 WHERE build_id = ?1 AND position = ?2";
static const char SQL_REASONS[] =
    "SELECT kind, subject, from_value, to_value, version_id, remains FROM build_reasons"
    " WHERE build_id = ?1 ORDER BY position";

#define SQL_BUILDS(table)                                                                          \
    "SELECT b.id, b.image_id, p.name, i.name, b.state, b.attempt, b.lock, b.lock_hash,"            \
    " b.input_key, b.created_at, b.started_at, b.finished_at, b.error_class, b.error,"             \
    " b.job_folder, b.pid, b.pid_ticks, b.artifact_id, b.decision_id, b.given_up, b.trial"         \
    " FROM " table " CROSS JOIN images i ON i.id = b.image_id"                                     \
    " CROSS JOIN pipelines p ON p.id = i.pipeline_id"
#define SQL_EACH SQL_BUILDS("builds b")
#define SQL_UNFINISHED                                                                             \
    SQL_BUILDS("builds b INDEXED BY builds_open") " WHERE b.state IN ('queued', 'running')"
#define SQL_NEWEST_FIRST " ORDER BY b.id DESC LIMIT ?2"

static const char SQL_ONE[] = SQL_EACH " WHERE b.id = ?1";
static const char SQL_GOOD[] = SQL_EACH
    " WHERE b.artifact_id = (SELECT max(id) FROM artifacts WHERE image_id = ?1 AND good = 1)"
    " ORDER BY b.id DESC LIMIT 1";
static const char SQL_LAST[] =
    SQL_EACH " WHERE b.image_id = ?1 AND b.state NOT IN ('queued', 'running') AND b.given_up = 0"
             " AND b.trial IS NULL"
             " ORDER BY b.id DESC LIMIT 1";
static const char SQL_ALL[] = SQL_EACH " WHERE b.id < ?1" SQL_NEWEST_FIRST;
static const char SQL_OF_IMAGE[] = SQL_EACH " WHERE b.image_id = ?1" SQL_NEWEST_FIRST;
static const char SQL_OPEN[] = SQL_UNFINISHED " AND b.image_id <= ?1" SQL_NEWEST_FIRST;
static const char SQL_OPEN_OF_IMAGE[] = SQL_UNFINISHED " AND b.image_id = ?1" SQL_NEWEST_FIRST;

static const char *const STATE_NAMES[] = {
    [RB_BUILD_QUEUED] = "queued",         [RB_BUILD_RUNNING] = "running",
    [RB_BUILD_SUCCEEDED] = "succeeded",   [RB_BUILD_UNCHANGED] = "unchanged",
    [RB_BUILD_UNRESOLVED] = "unresolved", [RB_BUILD_FAILED] = "failed",
    [RB_BUILD_CANCELED] = "canceled",
};
_Static_assert(RB_COUNT_OF(STATE_NAMES) == RB_BUILD_STATE_COUNT, "a state has no name");

const char *rb_build_state_name(enum rb_build_state state)
{
    return STATE_NAMES[state];
}

bool rb_build_state_is_final(enum rb_build_state state)
{
    return state != RB_BUILD_QUEUED && state != RB_BUILD_RUNNING;
}

static enum rb_build_state state_of_name(const char *name)
{
    unsigned state = 0;
    while (state < RB_BUILD_STATE_COUNT && strcmp(STATE_NAMES[state], name) != 0)
        state++;
    RB_ASSERT(state < RB_BUILD_STATE_COUNT); /* the table's CHECK holds the same names */
    return (enum rb_build_state)state;
}

static int add_reasons(struct rb_store *store, int64_t build_id, const struct rb_reason *reasons,
                       size_t count, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct query query = query_start(store, SQL_ADD_REASON);
        query_bind_integer(&query, build_id);
        query_bind_integer(&query, (int64_t)i);
        query_bind_text(&query, reasons[i].kind);
        query_bind_text(&query, reasons[i].subject);
        query_bind_text(&query, reasons[i].from);
        query_bind_text(&query, reasons[i].to);
        query_bind_id(&query, reasons[i].version_id);
        status = query_run(&query, err);
    }
    return status;
}

static int serve_requests(struct rb_store *store, int64_t image_id, int64_t build_id,
                          struct rb_err *err)
{
    struct query query = query_start(store, SQL_SERVE);
    query_bind_integer(&query, image_id);
    query_bind_integer(&query, build_id);
    return query_run(&query, err);
}

static int queued_event(struct rb_store *store, const char *name, int64_t image_id,
                        int64_t build_id, int attempt, const struct rb_reason *reasons,
                        size_t count, struct rb_err *err)
{
    json_t *data = rb_json_object(), *list = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item = rb_json_object();
        rb_json_set_string(item, "kind", reasons[i].kind);
        rb_json_set_string(item, "subject", reasons[i].subject);
        rb_json_set_string(item, "from", reasons[i].from);
        rb_json_set_string(item, "to", reasons[i].to);
        rb_json_append(list, item);
    }
    rb_json_set_integer(data, "build", build_id);
    rb_json_set_integer(data, "attempt", attempt);
    rb_json_set(data, "reasons", list);
    return event_of_image(store, image_id, name, data, err);
}

int rb_store_add_build(struct rb_store *store, int64_t image_id, int attempt, const char *lock,
                       const char *lock_hash, const char *input_key,
                       const struct rb_reason *reasons, size_t reason_count, int64_t *ret_id,
                       struct rb_err *err)
{
    int64_t id = 0;
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_ADD);
    query_bind_integer(&query, image_id);
    query_bind_integer(&query, attempt);
    query_bind_text(&query, lock);
    query_bind_text(&query, lock_hash);
    query_bind_text(&query, input_key);
    query_bind_integer(&query, rb_clock_now(store->clock));
    status = query_insert(&query, &id, err);
    if (status == 0)
        status = add_reasons(store, id, reasons, reason_count, err);
    if (status == 0)
        status = serve_requests(store, image_id, id, err);
    if (status == 0)
        status =
            queued_event(store, "build.queued", image_id, id, attempt, reasons, reason_count, err);
    status = change_end(store, status, err);
    if (status == 0)
        *ret_id = id;
    return status;
}

static void read_build(struct query *query, struct rb_arena *arena, struct rb_build_row *row)
{
    row->id = query_integer(query);
    row->image_id = query_integer(query);
    row->pipeline = query_text(query, arena);
    row->image = query_text(query, arena);
    row->state = state_of_name(query_text(query, arena));
    row->attempt = (int)query_integer(query);
    row->lock = query_text(query, arena);
    row->lock_hash = query_text(query, arena);
    row->input_key = query_text(query, arena);
    row->created_at = query_integer(query);
    row->started_at = query_integer(query);
    row->finished_at = query_integer(query);
    row->error_class = query_text(query, arena);
    row->error = query_text(query, arena);
    row->job_folder = query_text(query, arena);
    row->pid = query_integer(query);
    row->pid_ticks = query_integer(query);
    row->artifact_id = query_integer(query);
    row->decision_id = query_integer(query);
    row->given_up = query_integer(query) != 0;
    row->trial = query_text(query, arena);
}

static int read_reasons(struct rb_store *store, struct rb_build_row *row, struct rb_arena *arena,
                        struct rb_err *err)
{
    size_t capacity = 0;
    row->reasons = NULL;
    row->reason_count = 0;
    struct query query = query_start(store, SQL_REASONS);
    query_bind_integer(&query, row->id);
    while (query_step(&query)) {
        row->reasons =
            rb_arena_grow(arena, row->reasons, row->reason_count, &capacity, sizeof(*row->reasons));
        struct rb_reason *reason = &row->reasons[row->reason_count++];
        reason->kind = query_text(&query, arena);
        reason->subject = query_text(&query, arena);
        reason->from = query_text(&query, arena);
        reason->to = query_text(&query, arena);
        reason->version_id = query_integer(&query);
        reason->remains = query_integer(&query) != 0;
    }
    return query_end(&query, err);
}

static int read_one(struct query *query, struct rb_arena *arena, struct rb_build_row *ret_row,
                    bool *ret_found, struct rb_err *err)
{
    *ret_found = query_step(query);
    if (*ret_found)
        read_build(query, arena, ret_row);
    int status = query_end(query, err);
    if (status == 0 && *ret_found)
        status = read_reasons(query->store, ret_row, arena, err);
    return status;
}

int rb_store_build(struct rb_store *store, int64_t id, struct rb_arena *arena,
                   struct rb_build_row *ret_row, struct rb_err *err)
{
    bool found;
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    int status = read_one(&query, arena, ret_row, &found, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no build %lld", (long long)id);
    return status;
}

int rb_store_good_build(struct rb_store *store, int64_t image_id, struct rb_arena *arena,
                        struct rb_build_row *ret_row, struct rb_err *err)
{
    bool found;
    struct query query = query_start(store, SQL_GOOD);
    query_bind_integer(&query, image_id);
    int status = read_one(&query, arena, ret_row, &found, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "image %lld has no good build yet",
                          (long long)image_id);
    return status;
}

int rb_store_builds(struct rb_store *store, int64_t image_id, bool open_only, size_t limit,
                    struct rb_arena *arena, struct rb_build_row **ret_rows, size_t *ret_count,
                    struct rb_err *err)
{
    struct rb_build_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query =
        query_start(store, image_id != 0 ? (open_only ? SQL_OPEN_OF_IMAGE : SQL_OF_IMAGE)
                                         : (open_only ? SQL_OPEN : SQL_ALL));
    query_bind_integer(&query, image_id != 0 ? image_id : INT64_MAX);
    query_bind_limit(&query, limit);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_build(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = read_reasons(store, &rows[i], arena, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

/* The build as it stands; RB_EINVALID when it has ended. */
static int want_open(struct rb_store *store, int64_t build_id, struct rb_arena *arena,
                     struct rb_build_row *row, struct rb_err *err)
{
    int status = rb_store_build(store, build_id, arena, row, err);
    if (status == 0 && rb_build_state_is_final(row->state))
        return rb_err_set(err, RB_EINVALID, "build %lld has ended already: it is %s",
                          (long long)build_id, rb_build_state_name(row->state));
    return status;
}

/* What persons asked for stays among the reasons. */
static size_t keep_requests(const struct rb_build_row *row, struct rb_reason *reasons, size_t count)
{
    for (size_t i = 0; i < row->reason_count; i++) {
        if (strcmp(row->reasons[i].kind, "manual") == 0)
            reasons[count++] = row->reasons[i];
    }
    return count;
}

static int write_replaced(struct rb_store *store, const struct rb_build_row *row, int attempt,
                          const char *lock, const char *lock_hash, const char *input_key,
                          struct rb_err *err)
{
    struct query query = query_start(store, SQL_REPLACE);
    query_bind_integer(&query, row->id);
    query_bind_integer(&query, attempt);
    query_bind_text(&query, lock);
    query_bind_text(&query, lock_hash);
    query_bind_text(&query, input_key);
    int status = query_run(&query, err);
    if (status != 0)
        return status;
    struct query drop = query_start(store, SQL_DROP_REASONS);
    query_bind_integer(&drop, row->id);
    return query_run(&drop, err);
}

static int replace(struct rb_store *store, int64_t build_id, int attempt, const char *lock,
                   const char *lock_hash, const char *input_key, const struct rb_reason *reasons,
                   size_t reason_count, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row row = {0};
    int status = want_open(store, build_id, arena, &row, err);
    if (status == 0 && row.state != RB_BUILD_QUEUED)
        status = rb_err_set(err, RB_EINVALID, "build %lld runs already", (long long)build_id);
    if (status != 0)
        return status;
    struct rb_reason *all = rb_arena_array(arena, reason_count + row.reason_count, sizeof(*all));
    memcpy(all, reasons, reason_count * sizeof(*all));
    size_t count = keep_requests(&row, all, reason_count);
    status = write_replaced(store, &row, attempt, lock, lock_hash, input_key, err);
    if (status == 0)
        status = add_reasons(store, build_id, all, count, err);
    if (status == 0)
        status = serve_requests(store, row.image_id, build_id, err);
    return status == 0 ? queued_event(store, "build.replaced", row.image_id, build_id, attempt, all,
                                      count, err)
                       : status;
}

int rb_store_replace_build(struct rb_store *store, int64_t build_id, int attempt, const char *lock,
                           const char *lock_hash, const char *input_key,
                           const struct rb_reason *reasons, size_t reason_count, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status =
        replace(store, build_id, attempt, lock, lock_hash, input_key, reasons, reason_count, err);
    return change_end(store, status, err);
}

int rb_store_give_up_build(struct rb_store *store, int64_t build_id, const char *why,
                           struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_GIVE_UP);
    query_bind_integer(&query, build_id);
    query_bind_text(&query, why);
    return change_end(store, query_run(&query, err), err);
}

static int note_cancel(struct rb_store *store, int64_t build_id, const char *who, const char *why,
                       struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row row = {0};
    int status = rb_store_build(store, build_id, arena, &row, err);
    if (status != 0 || rb_build_state_is_final(row.state))
        return status;
    struct query query = query_start(store, SQL_CANCEL);
    query_bind_integer(&query, build_id);
    query_bind_text(&query, rb_arena_printf(arena, "canceled by %s: %s", who, why));
    status = query_run(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "build", build_id);
    rb_json_set_string(data, "why", why);
    return event_add(store, who, "build.cancel",
                     rb_arena_printf(arena, "%s/%s", row.pipeline, row.image), data, err);
}

int rb_store_note_cancel(struct rb_store *store, int64_t build_id, const char *who, const char *why,
                         struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, note_cancel(store, build_id, who, why, err), err);
}

int rb_store_last_build(struct rb_store *store, int64_t image_id, struct rb_arena *arena,
                        struct rb_build_row *ret_row, int *ret_given_up, struct rb_err *err)
{
    bool found;
    struct query query = query_start(store, SQL_LAST);
    query_bind_integer(&query, image_id);
    int status = read_one(&query, arena, ret_row, &found, err);
    if (status != 0)
        return status;
    if (!found)
        *ret_row = (struct rb_build_row){0};
    struct query count = query_start(store, SQL_GIVEN_UP);
    query_bind_integer(&count, image_id);
    query_bind_integer(&count, ret_row->id);
    if (query_step(&count))
        *ret_given_up = (int)query_integer(&count);
    return query_end(&count, err);
}

int rb_store_set_trial(struct rb_store *store, int64_t build_id, const char *trial,
                       struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_SET_TRIAL);
    query_bind_integer(&query, build_id);
    query_bind_text(&query, trial);
    return change_end(store, query_run(&query, err), err);
}

int rb_store_trial(struct rb_store *store, int64_t image_id, const char *input_key,
                   const char *trial, bool *ret_done, bool *ret_good, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct query query = query_start(store, SQL_TRIAL);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, input_key);
    query_bind_text(&query, trial);
    *ret_done = query_step(&query);
    *ret_good = *ret_done && state_of_name(query_text(&query, arena)) == RB_BUILD_SUCCEEDED;
    return query_end(&query, err);
}

static int note_runner(struct rb_store *store, int64_t build_id, const char *job_folder,
                       int64_t pid, int64_t pid_ticks, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row row = {0};
    int status = want_open(store, build_id, arena, &row, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_NOTE_RUNNER);
    query_bind_integer(&query, build_id);
    query_bind_text(&query, job_folder);
    query_bind_integer(&query, pid);
    query_bind_integer(&query, pid_ticks);
    query_bind_integer(&query, rb_clock_now(store->clock));
    status = query_run(&query, err);
    if (status != 0 || row.state == RB_BUILD_RUNNING)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "build", build_id);
    return event_of_image(store, row.image_id, "build.started", data, err);
}

int rb_store_start_build(struct rb_store *store, int64_t build_id, const char *job_folder,
                         int64_t pid, int64_t pid_ticks, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status = note_runner(store, build_id, job_folder, pid, pid_ticks, err);
    return change_end(store, status, err);
}

static int mark_remaining(struct rb_store *store, const struct rb_build_row *row,
                          const bool *remains, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && remains != NULL && i < row->reason_count; i++) {
        if (!remains[i])
            continue;
        struct query query = query_start(store, SQL_REMAINS);
        query_bind_integer(&query, row->id);
        query_bind_integer(&query, (int64_t)i);
        status = query_run(&query, err);
    }
    return status;
}

static int finished_event(struct rb_store *store, const struct rb_build_row *row,
                          const struct rb_build_end *end, struct rb_err *err)
{
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "build", row->id);
    rb_json_set_string(data, "state", rb_build_state_name(end->state));
    if (end->digest != NULL)
        rb_json_set_string(data, "digest", end->digest);
    if (end->error_class != NULL)
        rb_json_set_string(data, "errorClass", end->error_class);
    if (end->error != NULL)
        rb_json_set_string(data, "error", end->error);
    return event_of_image(store, row->image_id, "build.finished", data, err);
}

static int write_end(struct rb_store *store, const struct rb_build_end *end,
                     int64_t *ret_artifact_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row row = {0};
    int status = want_open(store, end->build_id, arena, &row, err);
    if (status == 0)
        status = artifact_of_build(store, row.image_id, end, ret_artifact_id, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_END);
    query_bind_integer(&query, row.id);
    query_bind_text(&query, rb_build_state_name(end->state));
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_text(&query, end->error_class);
    query_bind_text(&query, end->error);
    query_bind_id(&query, *ret_artifact_id);
    query_bind_integer(&query, end->given_up);
    status = query_run(&query, err);
    if (status == 0)
        status = mark_remaining(store, &row, end->remains, err);
    if (status == 0)
        status = finished_event(store, &row, end, err);
    return status;
}

int rb_store_end_build(struct rb_store *store, const struct rb_build_end *end,
                       int64_t *ret_artifact_id, struct rb_err *err)
{
    int64_t artifact_id = 0;
    RB_ASSERT(rb_build_state_is_final(end->state));
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status = write_end(store, end, &artifact_id, err);
    status = change_end(store, status, err);
    if (status == 0 && ret_artifact_id != NULL)
        *ret_artifact_id = artifact_id;
    return status;
}
