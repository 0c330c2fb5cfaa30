/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"

static int list_dropped(struct rb_store *store, int64_t pipeline_id, const char *const *names,
                        const char *list_sql, struct rb_strlist *dropped, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *kept = rb_json_array();
    for (; *names != NULL; names++)
        rb_json_append_string(kept, *names);
    RB_CLEANUP_FREE char *text = rb_json_canonical(kept);
    struct query query = query_start(store, list_sql);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, text);
    while (query_step(&query))
        rb_strlist_add(dropped, query_text(&query, arena));
    return query_end(&query, err);
}

int change_retain(struct rb_store *store, int64_t pipeline_id, const char *const *names,
                  const char *list_sql,
                  int (*retire)(struct rb_store *store, int64_t pipeline_id, const char *name,
                                struct rb_err *err),
                  struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist dropped = {0};
    int status = list_dropped(store, pipeline_id, names, list_sql, &dropped, err);
    if (status != 0 || dropped.count == 0)
        return status;
    status = change_begin(store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < dropped.count; i++)
        status = retire(store, pipeline_id, dropped.items[i], err);
    return change_end(store, status, err);
}
