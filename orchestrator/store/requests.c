/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/store/builds.h"

static const char SQL_ADD[] =
    "INSERT INTO requests (image_id, who, why, at, force) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_SUBJECT[] =
    "SELECT p.name || '/' || i.name FROM images i JOIN pipelines p ON p.id = i.pipeline_id"
    " WHERE i.id = ?1";
static const char SQL_OPEN[] =
    "SELECT id, image_id, who, why, at, force FROM requests INDEXED BY requests_open"
    " WHERE build_id IS NULL ORDER BY id";

static int write_request(struct rb_store *store, int64_t image_id, const char *who, const char *why,
                         bool force, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *subject = NULL;
    struct query find = query_start(store, SQL_SUBJECT);
    query_bind_integer(&find, image_id);
    if (query_step(&find))
        subject = query_text(&find, arena);
    int status = query_end(&find, err);
    if (status == 0 && subject == NULL)
        status = rb_err_set(err, RB_ENOTFOUND, "there is no image %lld", (long long)image_id);
    if (status != 0)
        return status;
    struct query add = query_start(store, SQL_ADD);
    query_bind_integer(&add, image_id);
    query_bind_text(&add, who);
    query_bind_text(&add, why);
    query_bind_integer(&add, rb_clock_now(store->clock));
    query_bind_integer(&add, force);
    status = query_run(&add, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_string(data, "why", why);
    rb_json_set_bool(data, "force", force);
    return event_add(store, who, "image.requested", subject, data, err);
}

static int add(struct rb_store *store, int64_t image_id, const char *who, const char *why,
               bool force, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_request(store, image_id, who, why, force, err), err);
}

int rb_store_add_request(struct rb_store *store, int64_t image_id, const char *who, const char *why,
                         struct rb_err *err)
{
    return add(store, image_id, who, why, false, err);
}

int rb_store_force_build(struct rb_store *store, int64_t image_id, const char *who, const char *why,
                         struct rb_err *err)
{
    return add(store, image_id, who, why, true, err);
}

int rb_store_open_requests(struct rb_store *store, struct rb_arena *arena,
                           struct rb_request_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_request_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_OPEN);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_request_row *row = &rows[count++];
        row->id = query_integer(&query);
        row->image_id = query_integer(&query);
        row->who = query_text(&query, arena);
        row->why = query_text(&query, arena);
        row->at = query_integer(&query);
        row->force = query_integer(&query) != 0;
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
