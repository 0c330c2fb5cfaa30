/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fixture.h"
#include "rebake/store/deliveries.h"

static int64_t add(struct fixture *fixture, const char *hook, const char *key)
{
    struct rb_delivery delivery = {.hook = hook,
                                   .key = key,
                                   .sender_id = "id",
                                   .received_at = fixture->now,
                                   .things = "[[\"source\",\"shop/code\"]]",
                                   .matched = 1};
    struct rb_delivery *all[] = {&delivery};
    struct rb_err err;
    assert_ok(rb_store_add_deliveries(fixture->store, all, 1, &err), &err);
    return delivery.id;
}

static size_t count_open(struct fixture *fixture)
{
    struct rb_delivery *rows;
    size_t count;
    struct rb_err err;
    assert_ok(rb_store_open_deliveries(fixture->store, fixture->arena, &rows, &count, &err), &err);
    return count;
}

static void serve(struct fixture *fixture, int64_t up_to_id)
{
    struct rb_err err;
    assert_ok(rb_store_serve_deliveries(fixture->store, up_to_id, &err), &err);
}

static void a_key_is_taken_once_for_each_hook(void **state)
{
    struct fixture *fixture = *state;
    assert_true(add(fixture, "shop", "a") > 0);
    assert_int_equal(add(fixture, "shop", "a"), 0);
    assert_true(add(fixture, "base", "a") > 0);
    assert_true(add(fixture, "shop", "b") > 0);
    assert_true(add(fixture, "shop", NULL) > 0);
    assert_true(add(fixture, "shop", "") > 0);
    assert_int_equal(count_open(fixture), 5);
}

static void many_go_in_together_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct rb_delivery good = {.hook = "shop", .key = "a", .things = "[]"};
    struct rb_delivery again = good, bad = {.hook = "shop", .key = "b"}; /* without things */
    struct rb_delivery *twins[] = {&good, &again}, *both[] = {&good, &bad};
    struct rb_err err;
    assert_int_equal(rb_store_add_deliveries(fixture->store, both, 2, &err), RB_EDB);
    assert_int_equal(count_open(fixture), 0);
    assert_ok(rb_store_add_deliveries(fixture->store, twins, 2, &err), &err);
    assert_true(good.id > 0);
    assert_int_equal(again.id, 0);
}

static void what_was_served_is_open_no_more(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = add(fixture, "shop", "a"), second = add(fixture, "shop", "b");
    serve(fixture, first);
    assert_int_equal(count_open(fixture), 1);
    serve(fixture, second);
    serve(fixture, first); /* the mark only grows */
    assert_int_equal(count_open(fixture), 0);
    assert_int_equal(add(fixture, "shop", "a"), 0); /* and is still known */
}

static void the_last_of_each_hook_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct rb_delivery *rows;
    size_t count;
    struct rb_err err;
    add(fixture, "shop", "a");
    int64_t newest = add(fixture, "shop", "b");
    add(fixture, "base", "a");
    struct rb_delivery nothing = {.hook = "shop", .key = "c", .things = "[]"};
    struct rb_delivery *all[] = {&nothing};
    assert_ok(rb_store_add_deliveries(fixture->store, all, 1, &err), &err);
    assert_ok(rb_store_last_deliveries(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].hook, "base");
    assert_int_equal(rows[1].id, newest);
    assert_string_equal(rows[1].sender_id, "id");
}

/* Old ones go once they were served, and no id comes again: it would seem served before it was. */
static void old_ones_go(void **state)
{
    struct fixture *fixture = *state;
    int64_t last = 0;
    for (int i = 0; i < 5; i++)
        last = add(fixture, "shop", i == 0 ? "first" : NULL);
    fixture->now += INT64_C(40) * 24 * 3600 * 1000;
    assert_int_equal(add(fixture, "shop", NULL), last + 1);
    assert_int_equal(count_open(fixture), 6);
    serve(fixture, last + 1);
    for (int i = 2; i < 8; i++)
        assert_int_equal(add(fixture, "shop", NULL), last + i);
    assert_int_equal(count_open(fixture), 6);
    assert_int_equal(add(fixture, "shop", "first"), last + 8); /* it is forgotten */
}

static void keys_are_known_to_the_next_writer(void **state)
{
    struct fixture *fixture = *state;
    struct rb_delivery delivery = {.hook = "shop", .key = "a", .things = "[]"};
    struct rb_delivery *all[] = {&delivery};
    struct rb_err err;
    const char *path = fixture_path(fixture, "rebake.db");
    for (int i = 0; i < 2; i++) {
        struct rb_store *store;
        assert_ok(rb_store_open(path, &fixture->clock, &store, &err), &err);
        assert_ok(rb_store_add_deliveries(store, all, 1, &err), &err);
        assert_true((delivery.id > 0) == (i == 0));
        rb_store_close(store);
    }
}

static void thousands_of_keys_are_known(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3000; i++) {
            char key[16];
            (void)snprintf(key, sizeof(key), "key-%d", i);
            assert_true((add(fixture, "shop", key) > 0) == (round == 0));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_taken_once_for_each_hook, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(many_go_in_together_or_not_at_all, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_served_is_open_no_more, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_last_of_each_hook_is_told, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(old_ones_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(keys_are_known_to_the_next_writer, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(thousands_of_keys_are_known, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
