/* SPDX-License-Identifier: Apache-2.0 */
/* Worth running without AddressSanitizer too: with it every item is an allocation of its own, and
   the blocks are not used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"

enum { ITEMS = 2000 };

/* Fills items with a byte of their own and looks at all of them afterwards: none may lie in
 * another.
 */
static void check_apart(struct rb_arena *arena, const size_t *sizes, size_t count)
{
    RB_CLEANUP_FREE unsigned char **items = rb_calloc(count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        items[i] = rb_arena_alloc(arena, sizes[i]);
        assert_non_null(items[i]);
        assert_int_equal((uintptr_t)items[i] % _Alignof(max_align_t), 0);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(items[i][at], 0);
        memset(items[i], (int)(i % 255) + 1, sizes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(items[i][at], (int)(i % 255) + 1);
    }
}

static void test_items_lie_apart(void **state)
{
    (void)state;
    static const struct {
        size_t sizes[6];
        size_t count;
    } ROWS[] = {
        {{8, 8, 8}, 3},
        {{0, 0, 1}, 3},
        {{2000, 8, 8}, 3},          /* the first item has a block of its own */
        {{8, 2000, 8, 2000, 8}, 5}, /* behind the block that is being filled */
        {{1024, 1024, 1024, 1024, 1024, 1024}, 6},
        {{1025, 1024, 1025, 1024}, 4},
        {{300000, 1, 300000, 1}, 4}, /* larger than any block */
        {{4096, 4096, 1}, 3},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        check_apart(arena, ROWS[i].sizes, ROWS[i].count);
    }
}

static void test_many_items_of_all_sizes(void **state)
{
    (void)state;
    struct rb_random random;
    size_t sizes[ITEMS];
    rb_random_seed(&random, 7);
    for (size_t i = 0; i < ITEMS; i++)
        sizes[i] = rb_random_below(&random, rb_random_below(&random, 20) == 0 ? 5000 : 100);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    check_apart(arena, sizes, ITEMS);
}

static void test_texts(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    assert_null(rb_arena_strdup(arena, NULL));
    assert_string_equal(rb_arena_strdup(arena, ""), "");
    assert_string_equal(rb_arena_strdup(arena, "perl"), "perl");
    assert_string_equal(rb_arena_strndup(arena, "perl-base", 4), "perl");
    assert_string_equal(rb_arena_strndup(arena, "perl", 40), "perl");
    assert_string_equal(rb_arena_strndup(arena, "pe\0rl", 5), "pe");
    const char *const list[] = {"main", "contrib", NULL};
    const char *const *copy = rb_arena_strdup_list(arena, list);
    assert_string_equal(copy[0], "main");
    assert_string_equal(copy[1], "contrib");
    assert_null(copy[2]);
    assert_ptr_not_equal(copy[0], list[0]);
    assert_string_equal(rb_arena_printf(arena, "%s=%d", "a", 5), "a=5");
    char *longest = rb_arena_printf(arena, "%*s", 100000, "x");
    assert_int_equal(strlen(longest), 100000);
    assert_int_equal(longest[99999], 'x');
}

static void test_grow_keeps_the_items(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        numbers = rb_arena_grow(arena, numbers, (size_t)i, &capacity, sizeof(*numbers));
        assert_true(capacity > (size_t)i);
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
}

static void test_free_takes_null(void **state)
{
    (void)state;
    rb_arena_free(NULL);
    rb_arena_free(rb_arena_new());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_lie_apart), cmocka_unit_test(test_many_items_of_all_sizes),
        cmocka_unit_test(test_texts),           cmocka_unit_test(test_grow_keeps_the_items),
        cmocka_unit_test(test_free_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
