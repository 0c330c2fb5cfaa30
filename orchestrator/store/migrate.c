/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema's version stands in PRAGMA user_version, and each migration has a row with the sha256
 * of its text: a store made by a program whose migrations differ from ours is not touched.
 */
#include "migrate.h"

#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { APPLICATION_ID = 1380076371 }; /* as 0001_first.sql sets it */

static const char SQL_APPLICATION[] = "PRAGMA application_id";
static const char SQL_VERSION[] = "PRAGMA user_version";
static const char SQL_TABLES[] = "SELECT count(*) FROM sqlite_schema";
static const char SQL_RECORDED[] =
    "SELECT number, name, sha256 FROM migrations ORDER BY number LIMIT ?1";
static const char SQL_RECORD[] =
    "INSERT INTO migrations (number, name, sha256, applied_at) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_BROKEN_KEYS[] = "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1";

static int read_number(struct rb_store *store, const char *sql, int64_t *ret_value,
                       struct rb_err *err)
{
    struct query query = query_start(store, sql);
    if (query_step(&query))
        *ret_value = query_integer(&query);
    return query_end(&query, err);
}

static int execute(struct rb_store *store, const char *sql, struct rb_err *err)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : store_error(store, code, err);
}

static int check_identity(struct rb_store *store, int64_t version, int64_t newest,
                          struct rb_err *err)
{
    int64_t application = 0, tables = 0;
    int status = read_number(store, SQL_APPLICATION, &application, err);
    if (status == 0)
        status = read_number(store, SQL_TABLES, &tables, err);
    if (status != 0)
        return status;
    if (tables > 0 && application != APPLICATION_ID)
        return rb_err_set(err, RB_EDB, "%s is a SQLite file of another program: name another path",
                          store->path);
    if (version > newest)
        return rb_err_set(err, RB_EDB,
                          "store %s has schema %lld and this program knows up to %lld: run a "
                          "newer Rebake, or go back to the copy %s.before-%lld",
                          store->path, (long long)version, (long long)newest, store->path,
                          (long long)newest + 1);
    return 0;
}

static int check_applied(struct rb_store *store, const struct store_migration *migrations,
                         int64_t version, struct rb_err *err)
{
    int64_t count = 0;
    if (version == 0)
        return 0;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *differs = NULL;
    struct query query = query_start(store, SQL_RECORDED);
    query_bind_integer(&query, version);
    for (; differs == NULL && query_step(&query); count++) {
        char hash[RB_SHA256_HEX_SIZE];
        int64_t number = query_integer(&query);
        const char *name = query_text(&query, arena);
        rb_sha256_of(migrations[count].sql, strlen(migrations[count].sql), hash);
        if (number != count + 1 || !rb_text_equal(hash, query_text(&query, arena)))
            differs = name;
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    if (differs != NULL || count != version)
        return rb_err_set(err, RB_EDB,
                          "store %s was made by another build of Rebake: the checksum of its "
                          "migration %lld (%s) is not this program's; run the program that made it",
                          store->path, (long long)count, differs != NULL ? differs : "missing");
    return 0;
}

static int record(struct rb_store *store, const struct store_migration *migration,
                  struct rb_err *err)
{
    char hash[RB_SHA256_HEX_SIZE];
    struct query query = query_start(store, SQL_RECORD);
    query_bind_integer(&query, migration->number);
    query_bind_text(&query, migration->name);
    query_bind_text(&query, rb_sha256_of(migration->sql, strlen(migration->sql), hash));
    query_bind_integer(&query, rb_clock_now(store->clock));
    return query_run(&query, err);
}

/* Foreign keys are not enforced while a migration runs, since it may make tables anew. */
static int check_keys(struct rb_store *store, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *broken = NULL;
    struct query query = query_start(store, SQL_BROKEN_KEYS);
    if (query_step(&query))
        broken = query_text(&query, arena);
    int status = query_end(&query, err);
    if (status == 0 && broken != NULL)
        return rb_err_set(err, RB_EINTERNAL, "table %s names rows that are not there", broken);
    return status;
}

static int apply(struct rb_store *store, const struct store_migration *migration,
                 struct rb_err *err)
{
    RB_CLEANUP_FREE char *set_version = rb_asprintf("PRAGMA user_version = %d", migration->number);
    int status = rb_store_begin(store, err);
    if (status != 0)
        return status;
    status = execute(store, migration->sql, err);
    if (status == 0)
        status = record(store, migration, err);
    if (status == 0)
        status = check_keys(store, err);
    if (status == 0)
        status = execute(store, set_version, err);
    if (status == 0)
        status = rb_store_commit(store, err);
    else
        rb_store_rollback(store);
    return status == 0 ? 0
                       : rb_err_wrap(err, "migration %d (%s)", migration->number, migration->name);
}

static int apply_from(struct rb_store *store, const struct store_migration *first,
                      struct rb_err *err)
{
    int status = execute(store, "PRAGMA foreign_keys = OFF", err);
    for (; status == 0 && first->number != 0; first++)
        status = apply(store, first, err);
    return status;
}

static int64_t newest_of(const struct store_migration *migrations)
{
    int64_t count = 0;
    while (migrations[count].number != 0)
        count++;
    return count;
}

int store_check_schema(struct rb_store *store, const struct store_migration *migrations,
                       struct rb_err *err)
{
    int64_t version = 0;
    int status = read_number(store, SQL_VERSION, &version, err);
    if (status == 0)
        status = check_identity(store, version, newest_of(migrations), err);
    if (status == 0)
        status = check_applied(store, migrations, version, err);
    return status;
}

int store_migrate(struct rb_store *store, const struct store_migration *migrations,
                  struct rb_err *err)
{
    int64_t version = 0, newest = newest_of(migrations);
    int status = read_number(store, SQL_VERSION, &version, err);
    if (status == 0 && version > 0 && version < newest)
        status = store_back_up(store, (int)version + 1, err);
    if (status == 0 && version < newest)
        status = apply_from(store, &migrations[version], err);
    if (status == 0)
        status = execute(store, "PRAGMA foreign_keys = ON", err);
    return status;
}
