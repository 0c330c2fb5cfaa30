/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rebake/base/heap.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"

enum { NODES = 200, STEPS = 20000 };

/* The heap beside the plain answer: the smallest key of all that are in it. */
static void any_order_of_calls_keeps_the_smallest_on_top(void **state)
{
    (void)state;
    struct rb_heap heap = {0};
    struct rb_heap_node nodes[NODES] = {{0}};
    struct rb_random random;
    rb_random_seed(&random, 5);
    for (int step = 0; step < STEPS; step++) {
        struct rb_heap_node *node = &nodes[rb_random_below(&random, NODES)];
        if (rb_random_below(&random, 3) == 0)
            rb_heap_take(&heap, node);
        else
            rb_heap_put(&heap, node, (int64_t)rb_random_below(&random, 100));
        size_t inside = 0;
        int64_t smallest = INT64_MAX;
        for (size_t i = 0; i < NODES; i++) {
            inside += nodes[i].place != 0;
            if (nodes[i].place != 0 && nodes[i].key < smallest)
                smallest = nodes[i].key;
        }
        assert_int_equal(heap.count, inside);
        if (inside > 0)
            assert_int_equal(rb_heap_first(&heap)->key, smallest);
        else
            assert_null(rb_heap_first(&heap));
    }
    rb_heap_deinit(&heap);
}

static void all_come_out_in_order(void **state)
{
    (void)state;
    struct rb_heap heap = {0};
    struct rb_heap_node nodes[NODES] = {{0}};
    struct rb_random random;
    rb_random_seed(&random, 6);
    for (size_t i = 0; i < NODES; i++)
        rb_heap_put(&heap, &nodes[i], (int64_t)rb_random_next(&random));
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < NODES; i++) {
        struct rb_heap_node *first = rb_heap_first(&heap);
        assert_true(first->key >= last);
        last = first->key;
        rb_heap_take(&heap, first);
        assert_int_equal(first->place, 0);
    }
    assert_null(rb_heap_first(&heap));
    rb_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_calls_keeps_the_smallest_on_top),
        cmocka_unit_test(all_come_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
