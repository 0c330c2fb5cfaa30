/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: what the file is, migrations, and who is refused. */
#include <string.h>
#include <sys/stat.h>

#include "fixture.h"
#include "migrate.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static struct rb_store *open_store(struct fixture *fixture, const char *path)
{
    struct rb_err err;
    struct rb_store *store = NULL;
    assert_ok(rb_store_open(path, &fixture->clock, &store, &err), &err);
    return store;
}

/* Does to a closed store what another program might have done. */
static void tamper(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const char *ask(struct fixture *fixture, struct rb_store *store, const char *sql)
{
    struct rb_err err;
    const char *answer = NULL;
    struct query query = query_start(store, sql);
    if (query_step(&query))
        answer = query_text(&query, fixture->arena);
    assert_ok(query_end(&query, &err), &err);
    return answer;
}

static void assert_refused(struct fixture *fixture, const char *path, const char *words)
{
    struct rb_err err;
    struct rb_store *store = NULL;
    assert_int_equal(rb_store_open(path, &fixture->clock, &store, &err), RB_EDB);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    assert_null(store);
}

static size_t known_migrations(void)
{
    size_t count = 0;
    while (STORE_MIGRATIONS[count].number != 0)
        count++;
    return count;
}

/* The program's own migrations and one more, as a later version would have. */
static const struct store_migration *with_one_more(struct fixture *fixture, const char *sql)
{
    size_t count = known_migrations();
    struct store_migration *list = rb_arena_array(fixture->arena, count + 2, sizeof(*list));
    memcpy(list, STORE_MIGRATIONS, count * sizeof(*list));
    list[count] = (struct store_migration){(int)count + 1, "later", sql};
    return list;
}

static void new_store_is_private_and_durable(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    struct stat file, log;
    mode_t mask = umask(0);
    struct rb_store *store = open_store(fixture, path);
    (void)umask(mask);
    fixture_fill(fixture, store);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(stat(fixture_path(fixture, "a.db-wal"), &log), 0);
    assert_int_equal(log.st_mode & 0777, 0600);
    assert_string_equal(ask(fixture, store, "PRAGMA journal_mode"), "wal");
    assert_string_equal(ask(fixture, store, "PRAGMA synchronous"), "2");
    assert_string_equal(ask(fixture, store, "PRAGMA foreign_keys"), "1");
    assert_string_equal(ask(fixture, store, "SELECT count(*) FROM migrations"),
                        ask(fixture, store, "PRAGMA user_version"));
    assert_string_equal(ask(fixture, store,
                            "SELECT count(*) FROM pragma_table_list"
                            " WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite%'"),
                        "0");
    rb_store_close(store);
}

static void store_is_opened_again(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    struct rb_err err;
    struct rb_store *store = open_store(fixture, path);
    fixture_fill(fixture, store);
    assert_ok(rb_store_begin(store, &err), &err);
    assert_ok(rb_store_pause(store, "all", "user:root", "never committed", 0, &err), &err);
    rb_store_close(store);
    store = open_store(fixture, path);
    assert_string_equal(ask(fixture, store, "SELECT count(*) FROM images"), "2");
    assert_string_equal(ask(fixture, store, "SELECT count(*) FROM pauses"), "0");
    rb_store_close(store);
    assert_false(rb_file_exists(fixture_path(fixture, "a.db.before-1")));
}

static void newer_schema_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    rb_store_close(open_store(fixture, path));
    tamper(path, "PRAGMA user_version = 99");
    assert_refused(fixture, path, "has schema 99 and this program knows up to");
}

static void other_checksum_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    rb_store_close(open_store(fixture, path));
    tamper(path, "UPDATE migrations SET sha256 = 'x' WHERE number = 1");
    assert_refused(fixture, path, "checksum of its migration 1 (first)");
    tamper(path, "DELETE FROM migrations");
    assert_refused(fixture, path, "(missing)");
}

static void file_of_another_program_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "other.db");
    struct rb_err err;
    char *before, *after;
    size_t size, size_after;
    tamper(path, "CREATE TABLE theirs (a)");
    assert_ok(rb_file_read(path, 1 << 20, &before, &size, &err), &err);
    assert_refused(fixture, path, "SQLite file of another program");
    assert_ok(rb_file_read(path, 1 << 20, &after, &size_after, &err), &err);
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
    rb_free(before);
    rb_free(after);
    const char *text = fixture_path(fixture, "text");
    const char words[] = "this is a text and by no means a database of any kind";
    assert_ok(rb_file_write_atomic(text, words, sizeof(words), 0600, &err), &err);
    assert_refused(fixture, text, "not a database");
    assert_int_equal(rb_store_open(fixture_path(fixture, "no/such/folder.db"), &fixture->clock,
                                   &(struct rb_store *){NULL}, &err),
                     RB_ENOTFOUND);
}

static void copy_is_kept_before_a_migration(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "a.db");
    const char *copy_path =
        rb_arena_printf(fixture->arena, "%s.before-%zu", path, known_migrations() + 1);
    struct rb_err err;
    struct stat file;
    struct rb_store *store = open_store(fixture, path);
    fixture_fill(fixture, store);
    assert_ok(
        store_migrate(store, with_one_more(fixture, "CREATE TABLE later (a INTEGER) STRICT"), &err),
        &err);
    assert_string_equal(ask(fixture, store, "SELECT count(*) FROM later"), "0");
    assert_string_equal(ask(fixture, store, "PRAGMA foreign_keys"), "1");
    rb_store_close(store);
    assert_refused(fixture, path, "run a newer Rebake, or go back to the copy");
    assert_int_equal(stat(copy_path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    struct rb_store *copy = open_store(fixture, copy_path);
    assert_string_equal(ask(fixture, copy, "SELECT count(*) FROM images"), "2");
    rb_store_close(copy);
}

static void failed_migration_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const BROKEN[] = {
        "CREATE TABLE later (a INTEGER) STRICT; SELECT nonsense FROM nowhere",
        "CREATE TABLE later (a INTEGER) STRICT; DELETE FROM pipelines",
    };
    static const char *const WORDS[] = {"no such table: nowhere", "names rows that are not there"};
    for (size_t i = 0; i < RB_COUNT_OF(BROKEN); i++) {
        struct rb_err err;
        const char *path =
            fixture_path(fixture, rb_arena_printf(fixture->arena, "broken-%zu.db", i));
        struct rb_store *store = open_store(fixture, path);
        fixture_fill(fixture, store);
        assert_true(store_migrate(store, with_one_more(fixture, BROKEN[i]), &err) < 0);
        assert_non_null(strstr(err.text, WORDS[i]));
        assert_non_null(strstr(err.text, "(later)"));
        rb_store_close(store);
        store = open_store(fixture, path);
        assert_string_equal(
            ask(fixture, store, "SELECT count(*) FROM sqlite_schema WHERE name = 'later'"), "0");
        assert_string_equal(ask(fixture, store, "SELECT count(*) FROM pipelines"), "1");
        rb_store_close(store);
    }
}

/* The values that a CHECK of a table allows for a column: "'a', 'b'". */
static const char *allowed_values(struct fixture *fixture, const char *table, const char *column)
{
    const char *sql = ask(
        fixture, fixture->store,
        rb_arena_printf(fixture->arena, "SELECT sql FROM sqlite_schema WHERE name = '%s'", table));
    const char *check = strstr(sql, rb_arena_printf(fixture->arena, "CHECK (%s IN", column));
    assert_non_null(check);
    const char *open = strchr(check + strlen("CHECK ("), '(');
    return rb_arena_strndup(fixture->arena, open + 1, strcspn(open, ")") - 1);
}

static void check_keeps_step_with_the_enum(void **state)
{
    struct fixture *fixture = *state;
    const char *allowed = allowed_values(fixture, "builds", "state");
    size_t quotes = 0;
    for (const char *at = allowed; *at != '\0'; at++)
        quotes += *at == '\'';
    assert_int_equal(quotes, 2 * RB_BUILD_STATE_COUNT);
    for (unsigned i = 0; i < RB_BUILD_STATE_COUNT; i++) {
        const char *name = rb_build_state_name((enum rb_build_state)i);
        assert_non_null(strstr(allowed, rb_arena_printf(fixture->arena, "'%s'", name)));
    }
}

static void equal_inventories_are_one_small_row(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    json_t *inventory = rb_json_object(), *packages = rb_json_array(), *found = NULL;
    for (int i = 0; i < 400; i++) {
        json_t *package = rb_json_object();
        rb_json_set_string(package, "name", rb_arena_printf(fixture->arena, "package%d", i));
        rb_json_set_string(package, "architecture", "amd64");
        rb_json_append(packages, package);
    }
    rb_json_set(inventory, "packages", packages);
    int64_t first = fixture_artifact(fixture, fixture->app_id, inventory, DIGEST_A);
    int64_t second = fixture_artifact(fixture, fixture->runtime_id, inventory, DIGEST_B);
    assert_string_equal(ask(fixture, fixture->store, "SELECT count(*) FROM inventories"), "1");
    assert_string_equal(
        ask(fixture, fixture->store, "SELECT length(deflated) * 4 < size_bytes FROM inventories"),
        "1");
    assert_ok(rb_store_inventory(fixture->store, second, &found, &err), &err);
    assert_true(json_equal(inventory, found));
    json_decref(found);
    json_decref(inventory);
    ask(fixture, fixture->store, "UPDATE inventories SET deflated = x'00'");
    assert_int_equal(rb_store_inventory(fixture->store, first, &found, &err), RB_EDB);
    assert_non_null(strstr(err.text, "is damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_store_is_private_and_durable, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(store_is_opened_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(newer_schema_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_checksum_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(file_of_another_program_is_left_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(copy_is_kept_before_a_migration, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(failed_migration_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(equal_inventories_are_one_small_row, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(check_keeps_step_with_the_enum, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("store schema", tests, NULL, NULL);
}
