/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/sources.h"

static const char SQL_FIND[] = "SELECT id, file, content_hash FROM pipelines WHERE name = ?1";
static const char SQL_ADD[] =
    "INSERT INTO pipelines (file, content_hash, loaded_at, name) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_CHANGE[] =
    "UPDATE pipelines SET file = ?1, content_hash = ?2, loaded_at = ?3 WHERE id = ?4";
static const char SQL_LIST[] =
    "SELECT id, name, file, content_hash, loaded_at FROM pipelines ORDER BY name";

static int write_pipeline(struct rb_store *store, const char *name, const char *file,
                          const char *content_hash, int64_t *id, struct rb_err *err)
{
    struct query query = query_start(store, *id == 0 ? SQL_ADD : SQL_CHANGE);
    query_bind_text(&query, file);
    query_bind_text(&query, content_hash);
    query_bind_integer(&query, rb_clock_now(store->clock));
    if (*id == 0)
        query_bind_text(&query, name);
    else
        query_bind_integer(&query, *id);
    int status = *id == 0 ? query_insert(&query, id, err) : query_run(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_string(data, "file", file);
    rb_json_set_string(data, "contentHash", content_hash);
    return event_add(store, NULL, "pipeline.loaded", name, data, err);
}

int rb_store_put_pipeline(struct rb_store *store, const char *name, const char *file,
                          const char *content_hash, int64_t *ret_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    bool same = false;
    int64_t id = 0;
    struct query query = query_start(store, SQL_FIND);
    query_bind_text(&query, name);
    if (query_step(&query)) {
        id = query_integer(&query);
        same = rb_text_equal(query_text(&query, arena), file) &&
               rb_text_equal(query_text(&query, arena), content_hash);
    }
    int status = query_end(&query, err);
    if (status == 0 && !same) {
        status = change_begin(store, err);
        if (status != 0)
            return status;
        status = write_pipeline(store, name, file, content_hash, &id, err);
        status = change_end(store, status, err);
    }
    if (status == 0)
        *ret_id = id;
    return status;
}

int rb_store_pipelines(struct rb_store *store, struct rb_arena *arena,
                       struct rb_pipeline_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_pipeline_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_pipeline_row *row = &rows[count++];
        row->id = query_integer(&query);
        row->name = query_text(&query, arena);
        row->file = query_text(&query, arena);
        row->content_hash = query_text(&query, arena);
        row->loaded_at = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
