/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/bytes.h"

/* At an odd address, and with bytes whose sign would show. */
static const uint8_t BYTES[] = {0x55, 0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88};

static void test_least_significant_first(void **state)
{
    (void)state;
    assert_int_equal(rb_le16(BYTES + 1), 0xe2f1);
    assert_int_equal(rb_le32(BYTES + 1), 0xc4d3e2f1);
    assert_true(rb_le64(BYTES + 1) == UINT64_C(0x8897a6b5c4d3e2f1));
}

static void test_most_significant_first(void **state)
{
    (void)state;
    assert_int_equal(rb_be16(BYTES + 1), 0xf1e2);
    assert_int_equal(rb_be32(BYTES + 1), 0xf1e2d3c4);
    assert_true(rb_be64(BYTES + 1) == UINT64_C(0xf1e2d3c4b5a69788));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least_significant_first),
        cmocka_unit_test(test_most_significant_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
