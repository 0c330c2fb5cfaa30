/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"
#include "rebake/store/builds.h"

static const char SQL_PUT[] =
    "INSERT INTO pauses (subject, who, why, at, until) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (subject) DO UPDATE SET who = excluded.who, why = excluded.why,"
    " until = excluded.until";
static const char SQL_REMOVE[] = "DELETE FROM pauses WHERE subject = ?1";
static const char SQL_LIST[] =
    "SELECT subject, who, why, at, until FROM pauses ORDER BY at, subject";

static int write_pause(struct rb_store *store, const char *subject, const char *who,
                       const char *why, int64_t until_at, struct rb_err *err)
{
    struct query query = query_start(store, SQL_PUT);
    query_bind_text(&query, subject);
    query_bind_text(&query, who);
    query_bind_text(&query, why);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_integer(&query, until_at);
    int status = query_run(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_string(data, "why", why);
    rb_json_set_time(data, "until", until_at);
    return event_add(store, who, "pause.set", subject, data, err);
}

int rb_store_pause(struct rb_store *store, const char *subject, const char *who, const char *why,
                   int64_t until_at, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_pause(store, subject, who, why, until_at, err), err);
}

int rb_store_resume(struct rb_store *store, const char *subject, const char *who,
                    struct rb_err *err)
{
    return change_lift(store, SQL_REMOVE, subject, who, "paused", "pause.lifted", err);
}

int rb_store_pauses(struct rb_store *store, struct rb_arena *arena, struct rb_pause_row **ret_rows,
                    size_t *ret_count, struct rb_err *err)
{
    struct rb_pause_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_pause_row *row = &rows[count++];
        row->subject = query_text(&query, arena);
        row->who = query_text(&query, arena);
        row->why = query_text(&query, arena);
        row->at = query_integer(&query);
        row->until_at = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}
