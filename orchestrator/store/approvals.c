/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/approvals.h"

#include "query.h"

static const char SQL_PUT[] =
    "INSERT INTO approvals (subject, key, who, why, at, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (subject, key, who) DO UPDATE SET why = excluded.why, at = excluded.at,"
    " until = excluded.until";
static const char SQL_DROP_OTHERS[] = "DELETE FROM approvals WHERE subject = ?1 AND key <> ?2";
static const char SQL_WITHDRAW[] = "DELETE FROM approvals WHERE subject = ?1 AND who = ?2";
static const char SQL_LIST[] = "SELECT subject, key, who, why, at, until FROM approvals"
                               " WHERE (?1 IS NULL OR subject = ?1) AND (?2 IS NULL OR key = ?2)"
                               " AND (until = 0 OR until > ?3) ORDER BY at, subject, who";

static int drop_others(struct rb_store *store, const struct rb_approval_row *approval,
                       struct rb_err *err)
{
    struct query query = query_start(store, SQL_DROP_OTHERS);
    query_bind_text(&query, approval->subject);
    query_bind_text(&query, approval->key);
    return query_run(&query, err);
}

static int write_approval(struct rb_store *store, const struct rb_approval_row *approval,
                          struct rb_err *err)
{
    int status = drop_others(store, approval, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_PUT);
    query_bind_text(&query, approval->subject);
    query_bind_text(&query, approval->key);
    query_bind_text(&query, approval->who);
    query_bind_text(&query, approval->why);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_integer(&query, approval->until_at);
    status = query_run(&query, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_string(data, "key", approval->key);
    rb_json_set_string(data, "why", approval->why);
    rb_json_set_time(data, "until", approval->until_at);
    return event_add(store, approval->who, "approval.given", approval->subject, data, err);
}

int rb_store_approve(struct rb_store *store, const struct rb_approval_row *approval,
                     struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_approval(store, approval, err), err);
}

static int withdraw(struct rb_store *store, const char *subject, const char *who,
                    struct rb_err *err)
{
    struct query query = query_start(store, SQL_WITHDRAW);
    query_bind_text(&query, subject);
    query_bind_text(&query, who);
    int status = query_run(&query, err);
    if (status != 0)
        return status;
    if (query_changed(store) == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s has approved nothing of %s", who, subject);
    return event_add(store, who, "approval.withdrawn", subject, NULL, err);
}

int rb_store_withdraw_approval(struct rb_store *store, const char *subject, const char *who,
                               struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, withdraw(store, subject, who, err), err);
}

int rb_store_approvals(struct rb_store *store, const char *subject, const char *key,
                       struct rb_arena *arena, struct rb_approval_row **ret_rows, size_t *ret_count,
                       struct rb_err *err)
{
    struct rb_approval_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    query_bind_text(&query, subject);
    query_bind_text(&query, key);
    query_bind_integer(&query, rb_clock_now(store->clock));
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_approval_row *row = &rows[count++];
        row->subject = query_text(&query, arena);
        row->key = query_text(&query, arena);
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
