/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"

/* The first outputs of the authors' code of xoshiro256** for this state. */
static void test_known_answers(void **state)
{
    (void)state;
    static const uint64_t WANTED[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    struct rb_random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < RB_COUNT_OF(WANTED); i++)
        assert_true(rb_random_next(&random) == WANTED[i]);
}

/* The first outputs of the authors' splitmix64 for this seed. */
static void test_seed(void **state)
{
    (void)state;
    static const uint64_t WANTED[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                      UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
    struct rb_random random;
    rb_random_seed(&random, 1234567);
    for (size_t i = 0; i < RB_COUNT_OF(WANTED); i++)
        assert_true(random.state[i] == WANTED[i]);
}

static void test_below(void **state)
{
    (void)state;
    enum { DRAWS = 60000, SIDES = 6 };
    struct rb_random random;
    int counts[SIDES] = {0};
    rb_random_seed(&random, 42);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t side = rb_random_below(&random, SIDES);
        assert_true(side < SIDES);
        counts[side]++;
    }
    for (size_t i = 0; i < SIDES; i++) /* ten thousand each; six standard deviations are 550 */
        assert_in_range(counts[i], DRAWS / SIDES - 550, DRAWS / SIDES + 550);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rb_random_below(&random, 1), 0);
        assert_true(rb_random_below(&random, UINT64_MAX) < UINT64_MAX);
    }
}

static void test_system(void **state)
{
    (void)state;
    unsigned char first[1000] = {0}, second[1000] = {0};
    rb_random_system(first, sizeof(first));
    rb_random_system(second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
    rb_random_system(first, 0);
    unsigned char zero[100] = {0};
    assert_memory_not_equal(first + sizeof(first) - sizeof(zero), zero, sizeof(zero));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
