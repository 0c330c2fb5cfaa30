/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the store; transactions are in query.c. */
#include "rebake/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "inventories.h"
#include "known_keys.h"
#include "migrate.h"
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { BUSY_TIMEOUT_MS = 5000 };

/* The write-ahead log is cut back to 64 MiB after a burst, and the cache holds 8 MiB. In memory are
   what a savepoint would need to be undone, and the sorting of short lists: files for that cost
   more than the change. */
static const char SQL_SETTINGS[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA cell_size_check = ON;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA cache_size = -8192;"
                                   "PRAGMA temp_store = MEMORY;";
static const char SQL_JOURNAL_MODE[] = "PRAGMA journal_mode";

/* SQLite would make a file that others may read, and gives its log and index the file's mode. An
   existing file is not opened here: closing it would drop this process's locks on it. */
static int make_file(const char *path, struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return rb_err_sys(err, errno, "create store %s", path);
    return 0;
}

static bool is_in_memory(const struct rb_store *store)
{
    return strcmp(store->path, ":memory:") == 0;
}

static int check_journal(struct rb_store *store, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *mode = NULL;
    struct query query = query_start(store, SQL_JOURNAL_MODE);
    if (query_step(&query))
        mode = query_text(&query, arena);
    int status = query_end(&query, err);
    if (status == 0 && !rb_text_equal(mode, is_in_memory(store) ? "memory" : "wal"))
        return rb_err_set(err, RB_EDB,
                          "store %s cannot keep a write-ahead log (it has \"%s\"): put it on a "
                          "local file system",
                          store->path, mode != NULL ? mode : "none");
    return status;
}

static int open_database(struct rb_store *store, struct rb_err *err)
{
    bool in_memory = is_in_memory(store);
    int status = in_memory ? 0 : make_file(store->path, err);
    if (status != 0)
        return status;
    int code = sqlite3_open_v2(store->path, &store->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                                   (in_memory ? SQLITE_OPEN_MEMORY : 0),
                               NULL);
    RB_ASSERT(store->db != NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return code == SQLITE_OK ? 0 : store_error(store, code, err);
}

static int apply_settings(struct rb_store *store, struct rb_err *err)
{
    int code = sqlite3_exec(store->db, SQL_SETTINGS, NULL, NULL, NULL);
    return code == SQLITE_OK ? check_journal(store, err) : store_error(store, code, err);
}

int rb_store_open(const char *path, const struct rb_clock *clock, struct rb_store **ret_store,
                  struct rb_err *err)
{
    struct rb_store *store = rb_zalloc(sizeof(*store));
    store->path = rb_strdup(path);
    store->clock = clock;
    int status = open_database(store, err);
    if (status == 0) /* before anything is written: the file may be another program's */
        status = store_check_schema(store, STORE_MIGRATIONS, err);
    if (status == 0)
        status = apply_settings(store, err);
    if (status == 0)
        status = store_migrate(store, STORE_MIGRATIONS, err);
    if (status == 0)
        status = inventories_learn_packages(store, err);
    if (status != 0) {
        rb_store_close(store);
        return status;
    }
    *ret_store = store;
    return 0;
}

void rb_store_close(struct rb_store *store)
{
    if (store == NULL)
        return;
    if (store->in_transaction)
        rb_store_rollback(store);
    for (size_t i = 0; i < STATEMENTS_MAXIMUM; i++)
        (void)sqlite3_finalize(store->statements[i].prepared);
    RB_ASSERT(sqlite3_close(store->db) == SQLITE_OK);
    known_keys_free(store->known_keys);
    rb_free(store->path);
    rb_free(store);
}
