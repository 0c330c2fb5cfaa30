/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fixture.h"
#include "inventories.h"
#include "migrate.h"
#include "query.h"
#include "rebake/base/memory.h"

static json_t *package(const char *type, const char *name, const char *version, const char *source)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", type, "name", name, "version", version,
                     "architecture", "amd64", "source", source, "sourceVersion", version);
}

/* Debian 12 with openssl's two packages of the version, and six twice. */
static json_t *inventory_with(const char *openssl_version)
{
    json_t *packages = json_array();
    json_array_append_new(packages, package("deb", "libssl3", openssl_version, "openssl"));
    json_array_append_new(packages, package("deb", "openssl", openssl_version, "openssl"));
    json_array_append_new(packages, package("pypi", "six", "1.16", "six"));
    json_array_append_new(packages, package("pypi", "six", "1.16", "six"));
    return json_pack("{s:{s:s,s:s,s:s},s:o}", "distribution", "id", "debian", "version", "12",
                     "codename", "bookworm", "packages", packages);
}

static int64_t build_with(struct fixture *fixture, int64_t image_id, const char *openssl_version,
                          const char *digest)
{
    RB_CLEANUP_JSON json_t *inventory = inventory_with(openssl_version);
    return fixture_artifact(fixture, image_id, inventory, digest);
}

static size_t named(struct fixture *fixture, const char *name, bool by_source,
                    struct rb_package_row **ret_rows)
{
    struct rb_err err;
    size_t count;
    assert_ok(rb_store_packages_named(fixture->store, name, by_source, fixture->arena, ret_rows,
                                      &count, &err),
              &err);
    return count;
}

/* Who holds any of the packages: "artifact" with "n" for newest and "d" for deployed. */
static const char *holders(struct fixture *fixture, const struct rb_package_row *rows, size_t count,
                           bool current_only)
{
    int64_t ids[8];
    struct rb_holder_row *found;
    struct rb_err err;
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        ids[i] = rows[i].id;
    assert_ok(rb_store_holders(fixture->store, ids, count, current_only, fixture->arena, &found,
                               &count, &err),
              &err);
    for (size_t i = 0; i < count; i++)
        text = rb_arena_printf(fixture->arena, "%s%s%lld%s%s", text, i == 0 ? "" : " ",
                               (long long)found[i].artifact_id, found[i].newest ? "n" : "",
                               found[i].deployed ? "d" : "");
    return text;
}

static void packages_are_found_by_name_and_source(void **state)
{
    struct fixture *fixture = *state;
    struct rb_package_row *rows;
    build_with(fixture, fixture->app_id, "3.0.1", DIGEST_A);
    build_with(fixture, fixture->runtime_id, "3.0.2", DIGEST_B);
    assert_int_equal(named(fixture, "libssl3", false, &rows), 2);
    assert_string_equal(rows[0].version, "3.0.1");
    assert_string_equal(rows[1].version, "3.0.2");
    assert_string_equal(rows[0].type, "deb");
    assert_string_equal(rows[0].architecture, "amd64");
    assert_string_equal(rows[0].source_name, "openssl");
    assert_string_equal(rows[0].distribution, "debian");
    assert_string_equal(rows[0].release, "12");
    assert_string_equal(rows[0].codename, "bookworm");
    assert_int_equal(named(fixture, "openssl", true, &rows), 4);
    assert_int_equal(named(fixture, "six", false, &rows), 1);
    assert_string_equal(rows[0].distribution, "");
    assert_int_equal(named(fixture, "zlib1g", false, &rows), 0);
}

/* What a store of before knows of packages of modules is made again when it is opened. */
static void a_module_is_known_of_packages_of_before(void **state)
{
    struct fixture *fixture = *state;
    struct rb_package_row *rows;
    struct rb_err err;
    size_t number = 0;
    RB_CLEANUP_JSON json_t *inventory = json_pack(
        "{s:{s:s,s:s,s:s},s:[{s:s,s:s,s:s,s:s,s:s}]}", "distribution", "id", "rocky", "version",
        "8.9", "codename", "", "packages", "type", "rpm", "name", "perl", "version",
        "4:5.24.4-403.module+el8", "architecture", "x86_64", "module", "perl:5.24:8:9d");
    (void)fixture_artifact(fixture, fixture->app_id, inventory, DIGEST_A);
    build_with(fixture, fixture->runtime_id, "3.0.2", DIGEST_B);
    assert_int_equal(named(fixture, "perl", false, &rows), 1);
    assert_string_equal(rows[0].module, "perl:5.24:8:9d");
    while (strcmp(STORE_MIGRATIONS[number].name, "modules") != 0)
        number++;
    const char *after_the_column = strchr(STORE_MIGRATIONS[number].sql, '\n');
    after_the_column = strstr(after_the_column, "UPDATE");
    assert_int_equal(
        sqlite3_exec(fixture->store->db, "UPDATE packages SET module = ''", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(fixture->store->db, after_the_column, NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(named(fixture, "perl", false, &rows), 0);
    assert_int_equal(named(fixture, "libssl3", false, &rows), 1);
    assert_ok(inventories_learn_packages(fixture->store, &err), &err);
    assert_int_equal(named(fixture, "perl", false, &rows), 1);
    assert_string_equal(rows[0].module, "perl:5.24:8:9d");
    assert_int_equal(named(fixture, "libssl3", false, &rows), 1);
}

static void all_packages_come_in_pages(void **state)
{
    struct fixture *fixture = *state;
    struct rb_package_row *rows;
    struct rb_err err;
    size_t count, pages = 0, all = 0;
    int64_t after = 0;
    build_with(fixture, fixture->app_id, "3.0.1", DIGEST_A);
    do {
        assert_ok(rb_store_packages(fixture->store, after, 2, fixture->arena, &rows, &count, &err),
                  &err);
        all += count;
        after = count > 0 ? rows[count - 1].id : after;
        pages++;
    } while (count > 0);
    assert_int_equal(all, 3);
    assert_int_equal(pages, 3);
}

static void holders_are_told_once_and_how_they_stand(void **state)
{
    struct fixture *fixture = *state;
    struct rb_package_row *rows;
    struct rb_err err;
    int64_t rollout, old = build_with(fixture, fixture->app_id, "3.0.1", DIGEST_A);
    assert_ok(rb_store_add_rollout(fixture->store, fixture->production_id, "deploy", old, "s",
                                   &rollout, &err),
              &err);
    assert_ok(rb_store_end_rollout(fixture->store, rollout, NULL, 0, &err), &err);
    build_with(fixture, fixture->runtime_id, "3.0.1", DIGEST_A);
    build_with(fixture, fixture->runtime_id, "3.0.2", DIGEST_B);
    build_with(fixture, fixture->app_id, "3.0.2", DIGEST_B);
    size_t count = named(fixture, "openssl", true, &rows);
    assert_int_equal(count, 4);
    assert_string_equal(holders(fixture, rows, 4, false), "1d 2 3n 4n");
    assert_string_equal(holders(fixture, rows, 2, false), "1d 2");
    assert_string_equal(holders(fixture, rows, 2, true), "1d");
    assert_string_equal(holders(fixture, rows + 2, 2, true), "3n 4n");
    assert_string_equal(holders(fixture, rows, 0, false), "");
    assert_string_equal(holders(fixture, &(struct rb_package_row){.id = 999}, 1, false), "");
}

static void inventories_of_an_older_schema_are_learned(void **state)
{
    struct fixture *fixture = *state;
    struct rb_package_row *rows;
    struct rb_err err;
    static const char *const BEFORE[] = {"DELETE FROM inventory_packages", "DELETE FROM packages",
                                         "UPDATE inventories SET packages_known = 0"};
    build_with(fixture, fixture->app_id, "3.0.1", DIGEST_A);
    build_with(fixture, fixture->app_id, "3.0.2", DIGEST_B);
    for (size_t i = 0; i < RB_COUNT_OF(BEFORE); i++) {
        struct query query = query_start(fixture->store, BEFORE[i]);
        assert_ok(query_run(&query, &err), &err);
    }
    assert_int_equal(named(fixture, "libssl3", false, &rows), 0);
    assert_ok(inventories_learn_packages(fixture->store, &err), &err);
    assert_int_equal(named(fixture, "libssl3", false, &rows), 2);
    assert_string_equal(holders(fixture, rows, 2, false), "1 2n");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(packages_are_found_by_name_and_source),
        TEST(a_module_is_known_of_packages_of_before),
        TEST(all_packages_come_in_pages),
        TEST(holders_are_told_once_and_how_they_stand),
        TEST(inventories_of_an_older_schema_are_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
