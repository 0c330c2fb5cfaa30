/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/deliveries.h"

#include "known_keys.h"
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* Old rows go a few at each addition, so that no single one has to wait for all of them. */
enum { REMOVED_FOR_EACH = 2 };
static const int64_t KEPT_MS = INT64_C(30) * 24 * 3600 * 1000;

static const char SQL_ADD[] =
    "INSERT INTO deliveries (hook, key, sender_id, received_at, things, matched)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char SQL_KEYS[] = "SELECT id, hook, key FROM deliveries WHERE key IS NOT NULL";
static const char SQL_BOUNDS[] = "SELECT min(id), (SELECT received_at FROM deliveries ORDER BY id"
                                 " LIMIT 1), (SELECT up_to_id FROM deliveries_served)"
                                 " FROM deliveries";
static const char SQL_TRIM[] =
    "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries"
    " WHERE id <= ?1 AND (id <= ?2 OR received_at < ?3) ORDER BY id LIMIT ?4)";
static const char SQL_OLDEST[] = "SELECT min(id) FROM deliveries";
static const char SQL_SERVE[] = "UPDATE deliveries_served SET up_to_id = ?1 WHERE up_to_id < ?1";

#define SQL_DELIVERIES                                                                             \
    "SELECT id, hook, key, sender_id, received_at, things, matched FROM deliveries"
static const char SQL_OPEN[] =
    SQL_DELIVERIES " WHERE id > (SELECT up_to_id FROM deliveries_served) ORDER BY id";
static const char SQL_LAST[] =
    SQL_DELIVERIES " WHERE id IN (SELECT coalesce(max(CASE WHEN matched > 0 THEN id END), max(id))"
                   " FROM deliveries GROUP BY hook) ORDER BY hook";

static int read_keys(struct rb_store *store, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct query query = query_start(store, SQL_KEYS);
    store->known_keys = known_keys_new();
    while (query_step(&query)) {
        int64_t id = query_integer(&query);
        const char *hook = query_text(&query, arena);
        known_keys_add(store->known_keys, known_keys_hash(hook, query_text(&query, arena)), id);
    }
    return query_end(&query, err);
}

static int insert(struct rb_store *store, const struct rb_delivery *delivery, int64_t *ret_id,
                  struct rb_err *err)
{
    struct query query = query_start(store, SQL_ADD);
    query_bind_text(&query, delivery->hook);
    query_bind_text(&query, rb_text_is_empty(delivery->key) ? NULL : delivery->key);
    query_bind_text(&query, delivery->sender_id);
    query_bind_integer(&query, delivery->received_at);
    query_bind_text(&query, delivery->things);
    query_bind_integer(&query, delivery->matched);
    return query_insert(&query, ret_id, err);
}

static int add(struct rb_store *store, struct rb_delivery *delivery, struct rb_err *err)
{
    uint64_t hash = 0;
    bool has_key = !rb_text_is_empty(delivery->key);
    delivery->id = 0;
    if (has_key) {
        hash = known_keys_hash(delivery->hook, delivery->key);
        if (known_keys_has(store->known_keys, hash))
            return 0;
    }
    int status = insert(store, delivery, &delivery->id, err);
    if (status == 0 && has_key)
        known_keys_add(store->known_keys, hash, delivery->id);
    return status;
}

struct bounds {
    int64_t oldest_id; /* 0: there is none */
    int64_t oldest_at;
    int64_t served_id;
};

static int read_bounds(struct rb_store *store, struct bounds *ret_bounds, struct rb_err *err)
{
    struct query query = query_start(store, SQL_BOUNDS);
    if (query_step(&query)) {
        ret_bounds->oldest_id = query_integer(&query);
        ret_bounds->oldest_at = query_integer(&query);
        ret_bounds->served_id = query_integer(&query);
    }
    return query_end(&query, err);
}

/* The newest stays whatever its age: ids are never used again. */
static int trim(struct rb_store *store, int64_t newest_id, size_t added, struct rb_err *err)
{
    struct bounds bounds = {0};
    int64_t too_old_at = rb_clock_now(store->clock) - KEPT_MS;
    int status = read_bounds(store, &bounds, err);
    int64_t last_id = bounds.served_id < newest_id ? bounds.served_id : newest_id - 1;
    bool any = bounds.oldest_id <= newest_id - RB_DELIVERIES_KEPT || bounds.oldest_at < too_old_at;
    if (status != 0 || !any || bounds.oldest_id > last_id)
        return status;
    struct query query = query_start(store, SQL_TRIM);
    query_bind_integer(&query, last_id);
    query_bind_integer(&query, newest_id - RB_DELIVERIES_KEPT);
    query_bind_integer(&query, too_old_at);
    query_bind_integer(&query, (int64_t)added * REMOVED_FOR_EACH);
    status = query_run(&query, err);
    if (status != 0)
        return status;
    struct query oldest = query_start(store, SQL_OLDEST);
    status = query_find(&oldest, &bounds.oldest_id, err);
    known_keys_forget(store->known_keys, bounds.oldest_id);
    return status;
}

static int add_all(struct rb_store *store, struct rb_delivery *const *deliveries, size_t count,
                   struct rb_err *err)
{
    int64_t newest_id = 0;
    int status = store->known_keys == NULL ? read_keys(store, err) : 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = add(store, deliveries[i], err);
        newest_id = deliveries[i]->id > newest_id ? deliveries[i]->id : newest_id;
    }
    return status != 0 || newest_id == 0 ? status : trim(store, newest_id, count, err);
}

int rb_store_add_deliveries(struct rb_store *store, struct rb_delivery *const *deliveries,
                            size_t count, struct rb_err *err)
{
    RB_ASSERT(!store->in_transaction); /* the keys are known once this is committed */
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    status = change_end(store, add_all(store, deliveries, count, err), err);
    if (status != 0) { /* some may be known that are not there */
        known_keys_free(store->known_keys);
        store->known_keys = NULL;
    }
    return status;
}

static int read_rows(struct rb_store *store, const char *sql, struct rb_arena *arena,
                     struct rb_delivery **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_delivery *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, sql);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_delivery *row = &rows[count++];
        row->id = query_integer(&query);
        row->hook = query_text(&query, arena);
        row->key = query_text(&query, arena);
        row->sender_id = query_text(&query, arena);
        row->received_at = query_integer(&query);
        row->things = query_text(&query, arena);
        row->matched = query_integer(&query);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_open_deliveries(struct rb_store *store, struct rb_arena *arena,
                             struct rb_delivery **ret_rows, size_t *ret_count, struct rb_err *err)
{
    return read_rows(store, SQL_OPEN, arena, ret_rows, ret_count, err);
}

int rb_store_last_deliveries(struct rb_store *store, struct rb_arena *arena,
                             struct rb_delivery **ret_rows, size_t *ret_count, struct rb_err *err)
{
    return read_rows(store, SQL_LAST, arena, ret_rows, ret_count, err);
}

int rb_store_serve_deliveries(struct rb_store *store, int64_t up_to_id, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_SERVE);
    query_bind_integer(&query, up_to_id);
    return change_end(store, query_run(&query, err), err);
}
