/* SPDX-License-Identifier: Apache-2.0 */
/* A source stands at the version that a person pinned it to, until somebody lifts that. */
#include "rebake/store/pins.h"

#include <string.h>

#include "fixture.h"

static const char LONG[] = "aaaa2222", OTHER[] = "aaaa3333", DIGEST[] = "sha256:beef0000";

static int64_t see(struct fixture *fixture, const char *value)
{
    struct rb_err err;
    int64_t id = 0;
    const struct rb_check_record record = {
        .source_id = fixture->source_id, .checked_at = fixture->now, .version = value};
    assert_ok(rb_store_record_check(fixture->store, &record, &id, &err), &err);
    return id;
}

static int pin(struct fixture *fixture, const char *subject, int64_t version_id, int64_t until_at)
{
    struct rb_err err;
    const struct rb_pin_row row = {.subject = subject,
                                   .version_id = version_id,
                                   .who = "user:ann",
                                   .why = "because",
                                   .until_at = until_at};
    return rb_store_pin(fixture->store, &row, &err);
}

static void one_is_set_changed_and_lifted(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_pin_row *rows;
    size_t count;
    int64_t first = see(fixture, LONG), second = see(fixture, OTHER);
    assert_int_equal(pin(fixture, "shop/code", second + 1, 0), RB_ENOTFOUND);
    assert_int_equal(pin(fixture, "shop/code", second, 0), 0);
    assert_int_equal(pin(fixture, "shop/code", first, 5000), 0);
    assert_int_equal(pin(fixture, "shop/app/code", second, 0), 0);
    assert_ok(rb_store_pins(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_string_equal(rows[1].subject, "shop/code");
    assert_int_equal(rows[1].source_id, fixture->source_id);
    assert_int_equal(rows[1].version_id, first);
    assert_string_equal(rows[1].version, LONG);
    assert_int_equal(rows[1].until_at, 5000);
    assert_ok(rb_store_unpin(fixture->store, "shop/code", NULL, &err), &err);
    assert_int_equal(rb_store_unpin(fixture->store, "shop/code", "user:ann", &err), RB_ENOTFOUND);
    assert_string_equal(err.text, "shop/code is not pinned");
    assert_non_null(strstr(fixture_events(fixture, 1), "pin.lifted"));
}

static void a_version_is_found_by_what_people_write(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_version_row row;
    int64_t first = see(fixture, LONG);
    (void)see(fixture, OTHER);
    int64_t digest = see(fixture, DIGEST), again = see(fixture, LONG);
    const struct {
        const char *text;
        int64_t id; /* or an error */
    } cases[] = {
        {LONG, again},         {"aaaa2", again},       {"aaaa", RB_EINVALID},
        {"aaa", RB_ENOTFOUND}, {"beef0", digest},      {"sha256:beef", digest},
        {"", RB_ENOTFOUND},    {"bbbb", RB_ENOTFOUND}, {"aaaa2222x", RB_ENOTFOUND},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int status = rb_store_version_named(fixture->store, fixture->source_id, cases[i].text,
                                            fixture->arena, &row, &err);
        assert_int_equal(status == 0 ? row.id : status, cases[i].id);
    }
    const char *number = rb_arena_printf(fixture->arena, "%lld", (long long)first);
    assert_ok(rb_store_version_named(fixture->store, fixture->source_id, number, fixture->arena,
                                     &row, &err),
              &err);
    assert_int_equal(row.id, first);
    assert_int_equal(rb_store_version_named(fixture->store, fixture->source_id + 1, LONG,
                                            fixture->arena, &row, &err),
                     RB_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_is_set_changed_and_lifted, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_version_is_found_by_what_people_write, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
