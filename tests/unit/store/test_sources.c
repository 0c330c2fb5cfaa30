/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static struct rb_source_row read_source(struct fixture *fixture)
{
    struct rb_err err;
    struct rb_source_row row;
    assert_ok(rb_store_source(fixture->store, fixture->source_id, fixture->arena, &row, &err),
              &err);
    return row;
}

static int64_t record(struct fixture *fixture, struct rb_check_record record)
{
    struct rb_err err;
    int64_t version_id = -1;
    record.source_id = fixture->source_id;
    record.checked_at = fixture->now;
    record.next_check_at = fixture->now + 60;
    record.requests = 2;
    record.bytes = 100;
    assert_ok(rb_store_record_check(fixture->store, &record, &version_id, &err), &err);
    return version_id;
}

static void pipeline_is_loaded_once(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_pipeline_row *rows;
    size_t count;
    int64_t id, generation = rb_store_generation(fixture->store);
    assert_ok(rb_store_put_pipeline(fixture->store, "shop", "/etc/shop.yaml", "h1", &id, &err),
              &err);
    assert_int_equal(id, fixture->pipeline_id);
    assert_int_equal(rb_store_generation(fixture->store), generation);
    fixture->now = 2000;
    assert_ok(rb_store_put_pipeline(fixture->store, "shop", "/etc/shop.yaml", "h2", &id, &err),
              &err);
    assert_int_equal(id, fixture->pipeline_id);
    assert_true(rb_store_generation(fixture->store) > generation);
    assert_string_equal(fixture_events(fixture, 1), "pipeline.loaded shop");
    assert_ok(rb_store_pipelines(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].content_hash, "h2");
    assert_int_equal(rows[0].loaded_at, 2000);
}

static void one_source_has_many_names(void **state)
{
    struct fixture *fixture = *state;
    static const char *const KEPT[] = {"code", NULL};
    static const char *const NONE[] = {NULL};
    struct rb_err err;
    struct rb_source_row *rows;
    size_t count;
    int64_t other, id;
    assert_ok(rb_store_put_pipeline(fixture->store, "blog", "/etc/blog.yaml", "b1", &other, &err),
              &err);
    assert_ok(rb_store_put_source(fixture->store, other, "site", "identity-1", "git", "{}", "git x",
                                  &id, &err),
              &err);
    assert_int_equal(id, fixture->source_id);
    assert_string_equal(fixture_events(fixture, 1), "source.added source:1");
    assert_string_equal(read_source(fixture).names, "blog/site, shop/code");
    assert_ok(rb_store_retain_sources(fixture->store, fixture->pipeline_id, KEPT, &err), &err);
    assert_string_equal(read_source(fixture).names, "blog/site, shop/code");
    assert_ok(rb_store_retain_sources(fixture->store, fixture->pipeline_id, NONE, &err), &err);
    assert_string_equal(read_source(fixture).names, "blog/site");
    assert_string_equal(fixture_events(fixture, 1), "source.removed source:1");
    assert_ok(rb_store_retain_sources(fixture->store, other, NONE, &err), &err);
    assert_string_equal(read_source(fixture).names, "");
    assert_ok(rb_store_sources(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 0);
}

static void name_moves_to_another_source(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    int64_t id;
    assert_ok(rb_store_put_source(fixture->store, fixture->pipeline_id, "code", "identity-2", "git",
                                  "{}", "git y", &id, &err),
              &err);
    assert_int_not_equal(id, fixture->source_id);
    assert_string_equal(read_source(fixture).names, "");
    assert_string_equal(fixture_events(fixture, 2),
                        "source.removed source:1\nsource.added source:2");
}

static void version_is_recorded(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_version_row *rows, row;
    size_t count;
    int64_t first = record(fixture, (struct rb_check_record){.version = "c1",
                                                             .detail = "{\"a\":1}",
                                                             .memo = "{\"etag\":\"x\"}",
                                                             .upstream_at = 900});
    assert_true(first > 0);
    fixture->now = 2000;
    assert_int_equal(record(fixture, (struct rb_check_record){0}), 0);
    struct rb_source_row source = read_source(fixture);
    assert_string_equal(source.memo, "{\"etag\":\"x\"}");
    assert_string_equal(source.version, "c1");
    assert_string_equal(source.version_detail, "{\"a\":1}");
    assert_int_equal(source.version_id, first);
    assert_int_equal(source.last_check_at, 2000);
    assert_int_equal(source.last_good_at, 2000);
    assert_int_equal(source.last_change_at, 1000);
    assert_int_equal(source.next_check_at, 2060);
    assert_int_equal(source.requests, 4);
    assert_int_equal(source.bytes, 200);
    assert_int_equal(record(fixture, (struct rb_check_record){.detail = "{\"a\":2}"}), 0);
    assert_string_equal(read_source(fixture).version_detail, "{\"a\":2}");
    int64_t second = record(fixture, (struct rb_check_record){.version = "c2"});
    assert_string_equal(fixture_events(fixture, 2),
                        "source.changed source:1\nsource.changed source:1");
    assert_ok(rb_store_versions(fixture->store, fixture->source_id, 10, fixture->arena, &rows,
                                &count, &err),
              &err);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].id, second);
    assert_string_equal(rows[1].value, "c1");
    assert_int_equal(rows[1].upstream_at, 900);
    assert_ok(rb_store_version(fixture->store, first, fixture->arena, &row, &err), &err);
    assert_string_equal(row.value, "c1");
    assert_int_equal(rb_store_version(fixture->store, 99, fixture->arena, &row, &err),
                     RB_ENOTFOUND);
}

static void failure_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_check_record timeout = {.error_code = "timeout", .error = "after 30 s"};
    const struct rb_check_record refused = {.error_code = "network", .error = "refused"};
    record(fixture, timeout);
    record(fixture, (struct rb_check_record){.error_code = "timeout", .error = "after 31 s"});
    record(fixture, refused);
    struct rb_source_row source = read_source(fixture);
    assert_int_equal(source.failures, 3);
    assert_string_equal(source.error_code, "network");
    assert_string_equal(source.error, "refused");
    assert_int_equal(source.last_good_at, 0);
    record(fixture, (struct rb_check_record){0});
    record(fixture, (struct rb_check_record){0});
    source = read_source(fixture);
    assert_int_equal(source.failures, 0);
    assert_null(source.error);
    assert_string_equal(fixture_events(fixture, 4),
                        "deployment.added shop/production\nsource.failed source:1\n"
                        "source.failed source:1\nsource.recovered source:1");
}

static void trouble_has_a_word_and_a_beginning(void **state)
{
    struct fixture *fixture = *state;
    struct rb_check_record failed = {
        .error_code = "verify", .error = "bad", .trouble = "untrusted"};
    assert_string_equal(read_source(fixture).trouble, "none");
    record(fixture, failed);
    fixture->now = 2000;
    record(fixture, failed);
    struct rb_source_row source = read_source(fixture);
    assert_string_equal(source.trouble, "untrusted");
    assert_int_equal(source.trouble_since, 1000);
    assert_int_equal(source.checks, 2);
    fixture->now = 3000;
    failed.trouble = "key-changed";
    record(fixture, failed);
    assert_int_equal(read_source(fixture).trouble_since, 3000);
    fixture->now = 4000;
    record(fixture, (struct rb_check_record){.trouble = "moved", .interval_ms = 90});
    record(fixture, (struct rb_check_record){.trouble = "moved", .interval_ms = 90});
    source = read_source(fixture);
    assert_string_equal(source.trouble, "moved");
    assert_int_equal(source.trouble_since, 4000);
    assert_int_equal(source.failures, 0);
    assert_int_equal(source.interval_ms, 90);
    record(fixture, (struct rb_check_record){0});
    assert_int_equal(read_source(fixture).trouble_since, 0);
    record(fixture, (struct rb_check_record){.trouble = "moved"});
    assert_string_equal(fixture_events(fixture, 5),
                        "deployment.added shop/production\nsource.failed source:1\n"
                        "source.failed source:1\nsource.recovered source:1\n"
                        "source.moved source:1");
}

static void detail_needs_a_version(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_check_record bad = {.source_id = fixture->source_id, .detail = "{}"};
    assert_int_equal(rb_store_record_check(fixture->store, &bad, NULL, &err), RB_EINVALID);
    assert_int_equal(read_source(fixture).requests, 0);
    bad.source_id = 99;
    assert_int_equal(rb_store_record_check(fixture->store, &bad, NULL, &err), RB_ENOTFOUND);
}

static void bad_json_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_check_record bad = {
        .source_id = fixture->source_id, .version = "v", .memo = "{not json"};
    assert_int_equal(rb_store_record_check(fixture->store, &bad, NULL, &err), RB_EDB);
    assert_non_null(strstr(err.text, "json_valid"));
    assert_null(read_source(fixture).version);
}

static void a_source_is_found_by_its_identity(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_source_row row;
    assert_ok(rb_store_source_by_identity(fixture->store, "identity-1", fixture->arena, &row, &err),
              &err);
    assert_int_equal(row.id, fixture->source_id);
    assert_string_equal(row.kind, "git");
    assert_int_equal(
        rb_store_source_by_identity(fixture->store, "identity-2", fixture->arena, &row, &err),
        RB_ENOTFOUND);
}

static void next_check_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    assert_ok(rb_store_set_next_check(fixture->store, fixture->source_id, 4321, &err), &err);
    assert_int_equal(read_source(fixture).next_check_at, 4321);
    assert_int_equal(rb_store_set_next_check(fixture->store, 99, 1, &err), RB_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pipeline_is_loaded_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_source_has_many_names, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(name_moves_to_another_source, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(version_is_recorded, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(failure_is_told_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(trouble_has_a_word_and_a_beginning, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(detail_needs_a_version, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(bad_json_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_source_is_found_by_its_identity, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(next_check_is_set, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("store sources", tests, NULL, NULL);
}
