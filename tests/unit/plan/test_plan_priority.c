/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/plan/priority.h"

static void test_told_cases(void **state)
{
    (void)state;
    static const struct {
        struct rb_plan_urgency urgency;
        int priority;
    } CASES[] = {
        {{.runs = true, .exposed = true}, 30}, /* nothing is closed */
        {{.closes = true, .severity = 9.8, .kev = true, .runs = true, .exposed = true}, 99},
        {{.closes = true, .severity = 9.8, .kev = true, .runs = true}, 78},
        {{.closes = true, .severity = 9.8, .epss = 0.05, .runs = true, .exposed = true}, 50},
        {{.closes = true, .severity = 9.8, .epss = 0.05, .runs = true}, 44},
        {{.closes = true, .severity = 9.8, .epss = 0.05}, 36},
        {{.closes = true, .severity = 5.0, .epss = 0.01, .runs = true}, 36},
        {{.closes = true, .epss = 0.01, .runs = true}, 36}, /* a score that nobody knows is 5 */
        {{.requested = true}, 70},
        {{.requested = true, .base = 90}, 90}, /* what the base brought is on its way to it */
        {{.base = 20}, 30},
        {{.base = 400}, 100},
        {{.closes = true, .severity = NAN, .epss = NAN}, 33},
        {{.closes = true, .severity = 50.0, .epss = 9.0, .runs = true, .exposed = true}, 100},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++)
        assert_int_equal(rb_plan_priority(&CASES[i].urgency), CASES[i].priority);
}

static double upto(struct rb_random *random, double most)
{
    return (double)rb_random_below(random, 1001) / 1000.0 * most;
}

static void make_worse(struct rb_random *random, struct rb_plan_urgency *urgency)
{
    switch (rb_random_below(random, 7)) {
    case 0:
        urgency->severity += urgency->severity > 0.0 ? upto(random, 3.0) : 0.0;
        break;
    case 1:
        urgency->epss += upto(random, 0.5);
        break;
    case 2:
        urgency->kev = true;
        break;
    case 3:
        urgency->runs = true;
        break;
    case 4:
        urgency->exposed = true;
        break;
    case 5:
        urgency->requested = true;
        break;
    default:
        urgency->base += 10;
        break;
    }
}

static void test_more_is_never_less(void **state)
{
    (void)state;
    struct rb_random random;
    rb_random_seed(&random, 1);
    for (int i = 0; i < 20000; i++) {
        struct rb_plan_urgency urgency = {.closes = rb_random_below(&random, 4) != 0,
                                          .severity = upto(&random, 10.0),
                                          .epss = upto(&random, 1.0),
                                          .kev = rb_random_below(&random, 2) != 0,
                                          .runs = rb_random_below(&random, 2) != 0,
                                          .base = (int)rb_random_below(&random, 101)};
        int before = rb_plan_priority(&urgency);
        make_worse(&random, &urgency);
        int after = rb_plan_priority(&urgency);
        assert_true(before >= RB_PRIORITY_ROUTINE && before <= after);
        assert_true(after <= RB_PRIORITY_MAXIMUM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_cases),
        cmocka_unit_test(test_more_is_never_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
