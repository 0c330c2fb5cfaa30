/* SPDX-License-Identifier: Apache-2.0 */
#include "version_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/random.h"

static int compare(const struct rb_version_order *order, const char *a, const char *b)
{
    int difference = order->compare(a, b);
    return (difference > 0) - (difference < 0);
}

void assert_rising(const struct rb_version_order *order, const char *const *rising, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int wanted = (i > j) - (i < j);
            int got = compare(order, rising[i], rising[j]);
            if (got != wanted)
                fail_msg("\"%s\" and \"%s\": %d instead of %d", rising[i], rising[j], got, wanted);
        }
    }
}

void assert_same(const struct rb_version_order *order, const char *const (*pairs)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (order->compare(pairs[i][0], pairs[i][1]) != 0 ||
            order->compare(pairs[i][1], pairs[i][0]) != 0)
            fail_msg("\"%s\" and \"%s\" differ", pairs[i][0], pairs[i][1]);
    }
}

static void random_text(struct rb_random *random, const char *alphabet, char *text,
                        size_t size_maximum)
{
    size_t size = rb_random_below(random, size_maximum);
    for (size_t i = 0; i < size; i++)
        text[i] = alphabet[rb_random_below(random, strlen(alphabet))];
    text[size] = '\0';
}

void assert_total(const struct rb_version_order *order, const char *alphabet)
{
    struct rb_random random;
    rb_random_seed(&random, 20260711);
    for (int round = 0; round < 100000; round++) {
        char a[8], b[8], c[8];
        random_text(&random, alphabet, a, sizeof(a));
        random_text(&random, alphabet, b, sizeof(b));
        random_text(&random, alphabet, c, sizeof(c));
        int ab = compare(order, a, b), bc = compare(order, b, c), ac = compare(order, a, c);
        assert_int_equal(ab, -compare(order, b, a));
        assert_int_equal(order->compare(a, a), 0);
        if (ab <= 0 && bc <= 0 && ac != (ab + bc < 0 ? -1 : 0))
            fail_msg("\"%s\" \"%s\" \"%s\": %d %d %d", a, b, c, ab, bc, ac);
    }
}

void assert_versions(const struct rb_version_order *order, const char *const *good,
                     const char *const *bad)
{
    for (; *good != NULL; good++) {
        if (!order->is_version(*good))
            fail_msg("\"%s\" was refused", *good);
    }
    for (; *bad != NULL; bad++) {
        if (order->is_version(*bad))
            fail_msg("\"%s\" was accepted", *bad);
    }
}
