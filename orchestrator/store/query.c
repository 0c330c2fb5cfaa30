/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#include "rebake/base/memory.h"

static const char SQL_BEGIN[] = "BEGIN IMMEDIATE";
static const char SQL_COMMIT[] = "COMMIT";
static const char SQL_ROLLBACK[] = "ROLLBACK";
static const char SQL_SAVE[] = "SAVEPOINT change";
static const char SQL_RELEASE[] = "RELEASE change";
static const char SQL_UNDO[] = "ROLLBACK TO change";

static const char *advice(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ": make room on its disk";
    case SQLITE_IOERR:
        return ": check its disk, and the quota on it";
    case SQLITE_BUSY:
        return ": another program holds it; stop that, then try again";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return ": check the owner and mode of the file and its folder";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ": restore it from a backup";
    default:
        return "";
    }
}

int store_error(struct rb_store *store, int code, struct rb_err *err)
{
    return rb_err_set(err, RB_EDB, "store %s: %s%s", store->path,
                      code == SQLITE_ABORT ? "the transaction was undone by an earlier failure"
                                           : sqlite3_errmsg(store->db),
                      advice(code));
}

/* SQLite undoes a whole transaction by itself when it runs out of room: from then on nothing may be
   written that would look like a part of it. */
static bool transaction_is_lost(const struct rb_store *store)
{
    return store->in_transaction && sqlite3_get_autocommit(store->db) != 0;
}

static struct statement *find_statement(struct rb_store *store, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 4) * 2654435761U % STATEMENTS_MAXIMUM;
    size_t tried = 0;
    while (store->statements[at].sql != sql && store->statements[at].sql != NULL) {
        RB_ASSERT(++tried < STATEMENTS_MAXIMUM);
        at = (at + 1) % STATEMENTS_MAXIMUM;
    }
    return &store->statements[at];
}

struct query query_start(struct rb_store *store, const char *sql)
{
    struct query query = {.store = store};
    struct statement *statement = find_statement(store, sql);
    if (transaction_is_lost(store)) {
        query.code = SQLITE_ABORT;
        return query;
    }
    if (statement->prepared == NULL)
        query.code = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement->prepared, NULL);
    if (query.code != SQLITE_OK)
        return query;
    statement->sql = sql;
    RB_ASSERT(!sqlite3_stmt_busy(statement->prepared));
    query.prepared = statement->prepared;
    return query;
}

void query_bind_integer(struct query *query, int64_t value)
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_int64(query->prepared, ++query->parameter, value);
}

void query_bind_id(struct query *query, int64_t id)
{
    if (id != 0)
        query_bind_integer(query, id);
    else if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_null(query->prepared, ++query->parameter);
}

void query_bind_text(struct query *query, const char *text)
{
    if (query->code == SQLITE_OK)
        query->code =
            sqlite3_bind_text(query->prepared, ++query->parameter, text, -1, SQLITE_STATIC);
}

void query_bind_bytes(struct query *query, const void *data, size_t size)
{
    if (query->code == SQLITE_OK)
        query->code =
            sqlite3_bind_blob64(query->prepared, ++query->parameter, data, size, SQLITE_STATIC);
}

void query_bind_limit(struct query *query, size_t limit)
{
    query_bind_integer(query, limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit);
}

bool query_step(struct query *query)
{
    if (query->code != SQLITE_OK)
        return false;
    int code = sqlite3_step(query->prepared);
    query->column = 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        query->code = code;
    return code == SQLITE_ROW;
}

int64_t query_integer(struct query *query)
{
    return sqlite3_column_int64(query->prepared, query->column++);
}

char *query_text(struct query *query, struct rb_arena *arena)
{
    return rb_arena_strdup(arena,
                           (const char *)sqlite3_column_text(query->prepared, query->column++));
}

const void *query_bytes(struct query *query, size_t *ret_size)
{
    const void *data = sqlite3_column_blob(query->prepared, query->column);
    *ret_size = (size_t)sqlite3_column_bytes(query->prepared, query->column++);
    return data;
}

int query_end(struct query *query, struct rb_err *err)
{
    if (query->prepared != NULL) {
        (void)sqlite3_reset(query->prepared); /* repeats the code of the step */
        (void)sqlite3_clear_bindings(query->prepared);
    }
    return query->code == SQLITE_OK ? 0 : store_error(query->store, query->code, err);
}

int query_run(struct query *query, struct rb_err *err)
{
    while (query_step(query))
        ;
    return query_end(query, err);
}

int query_insert(struct query *query, int64_t *ret_id, struct rb_err *err)
{
    int status = query_run(query, err);
    if (status == 0)
        *ret_id = sqlite3_last_insert_rowid(query->store->db);
    return status;
}

int query_find(struct query *query, int64_t *ret_id, struct rb_err *err)
{
    *ret_id = query_step(query) ? query_integer(query) : 0;
    return query_end(query, err);
}

int64_t query_changed(const struct rb_store *store)
{
    return sqlite3_changes64(store->db);
}

static int run(struct rb_store *store, const char *sql, struct rb_err *err)
{
    struct query query = query_start(store, sql);
    return query_run(&query, err);
}

static int commit(struct rb_store *store, struct rb_err *err)
{
    int status = run(store, SQL_COMMIT, err);
    int changes = sqlite3_total_changes(store->db);
    if (status != 0)
        return status;
    store->generation += changes != store->changes_before;
    store->changes_before = changes;
    return 0;
}

static void roll_back(struct rb_store *store)
{
    store->in_transaction = false;
    if (sqlite3_get_autocommit(store->db) == 0)
        (void)run(store, SQL_ROLLBACK, NULL); /* closing the file undoes it, should this fail */
    store->changes_before = sqlite3_total_changes(store->db);
}

int change_begin(struct rb_store *store, struct rb_err *err)
{
    return run(store, store->in_transaction ? SQL_SAVE : SQL_BEGIN, err);
}

int change_end(struct rb_store *store, int status, struct rb_err *err)
{
    if (store->in_transaction) {
        if (transaction_is_lost(store))
            return status;
        if (status != 0)
            (void)run(store, SQL_UNDO, NULL);
        int released = run(store, SQL_RELEASE, status == 0 ? err : NULL);
        return status != 0 ? status : released;
    }
    if (status == 0)
        status = commit(store, err);
    if (status != 0)
        roll_back(store);
    return status;
}

int rb_store_begin(struct rb_store *store, struct rb_err *err)
{
    RB_ASSERT(!store->in_transaction);
    int status = run(store, SQL_BEGIN, err);
    store->in_transaction = status == 0;
    return status;
}

int rb_store_commit(struct rb_store *store, struct rb_err *err)
{
    RB_ASSERT(store->in_transaction);
    int status = commit(store, err);
    if (status != 0)
        roll_back(store);
    store->in_transaction = false;
    return status;
}

void rb_store_rollback(struct rb_store *store)
{
    RB_ASSERT(store->in_transaction);
    roll_back(store);
}

int64_t rb_store_generation(const struct rb_store *store)
{
    return store->generation;
}
