/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of checksums, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "watch/checksum_list.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BIG "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
#define OUT "0000000000000000000000000000000000000000000000000000000000000000"

static void a_checksum_is_found_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        int code;
    } CASES[] = {
        {HEX "  tool.bin\n", 0},
        {HEX " *tool.bin", 0},
        {OUT "  other.bin\r\n" BIG "  ./dist/tool.bin\r\n", 0},
        {"SHA256 (tool.bin) = " HEX "\n", 0},
        {"# a comment\n\nSHA256 (x/tool.bin) = " BIG "\n", 0},
        {HEX, 0},
        {HEX "\n", 0},
        {HEX "  tool.bin\n" HEX "  tool.bin\n", 0},
        {HEX "  tool.bin\n" OUT "  tool.bin\n", RB_EVERIFY},
        {HEX "\n" HEX "\n", RB_ENOTFOUND},
        {"", RB_ENOTFOUND},
        {HEX "tool.bin\n", RB_ENOTFOUND},
        {HEX "  xtool.bin\n", RB_ENOTFOUND},
        {"SHA512 (tool.bin) = " HEX "\n", RB_ENOTFOUND},
        {"SHA256 (tool.bin) = e3b0\n", RB_ENOTFOUND},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        char found[RB_SHA256_HEX_SIZE] = "";
        struct rb_err err;
        int status = rb_checksum_list_find(CASES[i].list, strlen(CASES[i].list), "tool.bin", "list",
                                           found, &err);
        if (status != CASES[i].code)
            fail_msg("\"%s\" gave %d", CASES[i].list, status);
        if (status == 0)
            assert_string_equal(found, HEX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checksum_is_found_in_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
