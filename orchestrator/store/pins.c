/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/pins.h"

#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/store/sources.h"

static const char SQL_PUT[] =
    "INSERT INTO pins (subject, version_id, who, why, at, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (subject) DO UPDATE SET version_id = excluded.version_id, who = excluded.who,"
    " why = excluded.why, until = excluded.until";
static const char SQL_REMOVE[] = "DELETE FROM pins WHERE subject = ?1";
static const char SQL_LIST[] =
    "SELECT p.subject, v.source_id, v.id, v.value, p.who, p.why, p.at, p.until"
    " FROM pins p JOIN versions v ON v.id = p.version_id ORDER BY p.at, p.subject";

static int write_pin(struct rb_store *store, const struct rb_pin_row *pin, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_version_row version;
    int status = rb_store_version(store, pin->version_id, arena, &version, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_PUT);
    query_bind_text(&query, pin->subject);
    query_bind_integer(&query, pin->version_id);
    query_bind_text(&query, pin->who);
    query_bind_text(&query, pin->why);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_integer(&query, pin->until_at);
    status = query_run(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "version", pin->version_id);
    rb_json_set_string(data, "to", version.value);
    rb_json_set_string(data, "why", pin->why);
    rb_json_set_time(data, "until", pin->until_at);
    return event_add(store, pin->who, "pin.set", pin->subject, data, err);
}

int rb_store_pin(struct rb_store *store, const struct rb_pin_row *pin, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_pin(store, pin, err), err);
}

int rb_store_unpin(struct rb_store *store, const char *subject, const char *who, struct rb_err *err)
{
    return change_lift(store, SQL_REMOVE, subject, who, "pinned", "pin.lifted", err);
}

int rb_store_pins(struct rb_store *store, struct rb_arena *arena, struct rb_pin_row **ret_rows,
                  size_t *ret_count, struct rb_err *err)
{
    struct rb_pin_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_pin_row *row = &rows[count++];
        row->subject = query_text(&query, arena);
        row->source_id = query_integer(&query);
        row->version_id = query_integer(&query);
        row->version = query_text(&query, arena);
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
