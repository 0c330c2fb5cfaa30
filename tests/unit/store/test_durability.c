/* SPDX-License-Identifier: Apache-2.0 */
/* What was said to be committed is there: after kill -9, on a full disk, beside a reader. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"

enum { KILLS = 25, ROWS_IN_CHANGE = 3 };

static struct rb_store *open_store(struct fixture *fixture, const char *path)
{
    struct rb_err err;
    struct rb_store *store = NULL;
    assert_ok(rb_store_open(path, &fixture->clock, &store, &err), &err);
    return store;
}

static int64_t ask(struct rb_store *store, const char *sql)
{
    struct rb_err err;
    int64_t answer = -1;
    struct query query = query_start(store, sql);
    if (query_step(&query))
        answer = query_integer(&query);
    assert_ok(query_end(&query, &err), &err);
    return answer;
}

/* One transaction of several rows, all with the number as their subject. */
static int commit_rows(struct rb_store *store, int64_t number, struct rb_err *err)
{
    char subject[32];
    (void)snprintf(subject, sizeof(subject), "%lld", (long long)number);
    int status = rb_store_begin(store, err);
    if (status != 0)
        return status;
    for (int i = 0; status == 0 && i < ROWS_IN_CHANGE; i++)
        status = rb_store_add_event(store, "test", "row", subject, NULL, err);
    if (status == 0)
        return rb_store_commit(store, err);
    rb_store_rollback(store);
    return status;
}

/* In the child: commits and tells each number, until it is killed. */
static void commit_for_ever(const char *path, int64_t first, int report_fd)
{
    struct rb_store *store;
    if (rb_store_open(path, &rb_clock_system, &store, NULL) != 0)
        _exit(2);
    for (int64_t number = first;; number++) {
        if (commit_rows(store, number, NULL) != 0)
            _exit(3);
        if (write(report_fd, &number, sizeof(number)) != (ssize_t)sizeof(number))
            _exit(4);
    }
}

/* Kills the child after a number of reports; returns the last number that it reported. */
static int64_t run_and_kill(const char *path, int64_t first, uint64_t reports)
{
    int fds[2];
    int64_t number, last = first - 1;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        commit_for_ever(path, first, fds[1]);
    (void)close(fds[1]);
    for (uint64_t seen = 1; read(fds[0], &number, sizeof(number)) == (ssize_t)sizeof(number);
         seen++) {
        assert_int_equal(number, last + 1);
        last = number;
        if (seen == reports)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(fds[0]);
    return last;
}

static void nothing_reported_is_lost_by_kill(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    struct rb_random random;
    uint64_t seed;
    int64_t next = 1;
    rb_random_system(&seed, sizeof(seed));
    rb_random_seed(&random, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < KILLS; i++) {
        int64_t last = run_and_kill(path, next, 1 + rb_random_below(&random, 40));
        struct rb_store *store = open_store(fixture, path);
        int64_t newest = ask(store, "SELECT max(CAST(subject AS INTEGER)) FROM events");
        assert_in_range(newest, last, last + 1); /* one may have been committed and not told */
        assert_int_equal(ask(store, "SELECT count(*) FROM events"), newest * ROWS_IN_CHANGE);
        assert_int_equal(ask(store, "SELECT count(DISTINCT subject) FROM events"), newest);
        assert_int_equal(ask(store, "SELECT count(*) FROM pragma_integrity_check"
                                    " WHERE integrity_check <> 'ok'"),
                         0);
        rb_store_close(store);
        next = newest + 1;
    }
}

/* Commits until the store refuses; returns how often it went well. */
static int64_t commit_until_refused(struct rb_store *store, int64_t first, struct rb_err *err)
{
    int64_t number = first;
    while (number < first + 100000 && commit_rows(store, number, err) == 0)
        number++;
    assert_int_equal(err->code, RB_EDB);
    return number - first;
}

static void full_disk_is_told_and_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err = {0};
    struct rb_store *store = open_store(fixture, fixture_path(fixture, "a.db"));
    char limit[64];
    (void)snprintf(limit, sizeof(limit), "PRAGMA max_page_count = %lld",
                   (long long)ask(store, "PRAGMA page_count") + 8);
    assert_int_equal(sqlite3_exec(store->db, limit, NULL, NULL, NULL), SQLITE_OK);
    int64_t committed = commit_until_refused(store, 1, &err);
    assert_true(committed > 0);
    assert_non_null(strstr(err.text, "full: make room on its disk"));
    assert_int_equal(ask(store, "SELECT count(*) FROM events"), committed * ROWS_IN_CHANGE);
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(commit_rows(store, committed + 1, &err), &err);
    assert_int_equal(ask(store, "SELECT count(*) FROM events"), (committed + 1) * ROWS_IN_CHANGE);
    rb_store_close(store);
}

/* SQLite undoes the whole transaction when a write fails; what comes after must not be kept as if
   it had been all. */
static void lost_transaction_cannot_be_committed(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_store *store = fixture->store;
    assert_ok(rb_store_begin(store, &err), &err);
    assert_ok(rb_store_add_event(store, "test", "first", "x", NULL, &err), &err);
    assert_int_equal(sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(rb_store_add_event(store, "test", "second", "x", NULL, &err), RB_EDB);
    assert_non_null(strstr(err.text, "undone by an earlier failure"));
    assert_int_equal(rb_store_commit(store, &err), RB_EDB);
    assert_int_equal(ask(store, "SELECT count(*) FROM events WHERE subject = 'x'"), 0);
    assert_ok(rb_store_add_event(store, "test", "third", "x", NULL, &err), &err);
    assert_int_equal(ask(store, "SELECT count(*) FROM events WHERE subject = 'x'"), 1);
}

/* In the child: the kernel refuses every byte past the limit, as a quota does. */
static int64_t commit_under_limit(const char *path, rlim_t bytes)
{
    struct rb_err err = {0};
    struct rb_store *store;
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (rb_store_open(path, &rb_clock_system, &store, &err) != 0 ||
        setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return -1;
    int64_t committed = commit_until_refused(store, 1, &err);
    return strstr(err.text, "check its disk") != NULL ? committed : -2;
}

static void refused_write_is_told_and_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    int fds[2];
    int64_t committed = -9;
    rb_store_close(open_store(fixture, path));
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        committed = commit_under_limit(path, 512 * 1024);
        _exit(write(fds[1], &committed, sizeof(committed)) == (ssize_t)sizeof(committed) ? 0 : 1);
    }
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &committed, sizeof(committed)), sizeof(committed));
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(fds[0]);
    assert_true(committed > 0);
    struct rb_store *store = open_store(fixture, path);
    assert_int_equal(ask(store, "SELECT count(*) FROM events"), committed * ROWS_IN_CHANGE);
    rb_store_close(store);
}

static int64_t count_as_reader(sqlite3_stmt *statement)
{
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_reset(statement), SQLITE_OK);
    return count;
}

static void reader_and_writer_do_not_wait(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    struct rb_err err;
    sqlite3 *db;
    sqlite3_stmt *count;
    struct rb_store *store = open_store(fixture, path);
    assert_ok(commit_rows(store, 1, &err), &err);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM events", -1, &count, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(count_as_reader(count), ROWS_IN_CHANGE);
    assert_ok(commit_rows(store, 2, &err), &err);
    assert_int_equal(count_as_reader(count), ROWS_IN_CHANGE);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(count_as_reader(count), 2 * ROWS_IN_CHANGE);
    assert_ok(rb_store_begin(store, &err), &err);
    assert_ok(rb_store_add_event(store, "test", "row", "3", NULL, &err), &err);
    assert_int_equal(count_as_reader(count), 2 * ROWS_IN_CHANGE);
    assert_ok(rb_store_commit(store, &err), &err);
    assert_int_equal(sqlite3_finalize(count), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    rb_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_reported_is_lost_by_kill, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(full_disk_is_told_and_loses_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(lost_transaction_cannot_be_committed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(refused_write_is_told_and_loses_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(reader_and_writer_do_not_wait, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("store durability", tests, NULL, NULL);
}
