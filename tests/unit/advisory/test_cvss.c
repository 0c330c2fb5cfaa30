/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/cvss.h"
#include "rebake/base/memory.h"

/* "7.5" in tenths; "-" is RB_CVSS_NOT_SCORED. */
static int tenths(const char *text)
{
    return strcmp(text, "-") == 0 ? RB_CVSS_NOT_SCORED : (int)(strtod(text, NULL) * 10 + 0.5);
}

static void published_vectors_have_their_published_scores(void **state)
{
    (void)state;
    char line[512], vector[400], scores[3][8];
    size_t count[5] = {0};
    FILE *file = fopen(REBAKE_TEST_DIR "/unit/advisory/cvss_vectors.txt", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        struct rb_cvss cvss;
        struct rb_err err = {0};
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%399s %7s %7s %7s", vector, scores[0], scores[1], scores[2]),
                         4);
        int status = rb_cvss_read(vector, &cvss, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(status, 0);
        if (cvss.base != tenths(scores[0]) || cvss.temporal != tenths(scores[1]) ||
            cvss.environmental != tenths(scores[2]))
            fail_msg("%s: %d, %d, %d", line, cvss.base, cvss.temporal, cvss.environmental);
        count[cvss.version / 10]++;
    }
    (void)fclose(file);
    assert_true(count[2] > 50 && count[3] > 100 && count[4] > 50);
}

static void the_score_is_that_of_all_that_is_known(void **state)
{
    (void)state;
    struct rb_cvss cvss;
    static const char BASE[] = "AV:N/AC:L/Au:N/C:N/I:N/A:C"; /* the guide's CVE-2002-0392 */
    assert_int_equal(rb_cvss_read(BASE, &cvss, NULL), 0);
    assert_int_equal(rb_cvss_score(&cvss), 78);
    static const char TEMPORAL[] = "(AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C)";
    assert_int_equal(rb_cvss_read(TEMPORAL, &cvss, NULL), 0);
    assert_int_equal(rb_cvss_score(&cvss), 64);
    static const char ALL[] = "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H";
    assert_int_equal(rb_cvss_read(ALL, &cvss, NULL), 0);
    assert_int_equal(rb_cvss_score(&cvss), 92);
}

static void an_order_of_ones_own_is_taken(void **state)
{
    (void)state;
    struct rb_cvss cvss;
    assert_int_equal(rb_cvss_read("CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N", &cvss, NULL), 0);
    assert_int_equal(cvss.version, 31);
    assert_int_equal(rb_cvss_score(&cvss), 98);
}

static void what_is_no_vector_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *vector, *words;
    } CASES[] = {
        {"", "\"\" is no metric"},
        {"HIGH", "\"HIGH\" is no metric"},
        {"AV:N/AC:L/Au:N/C:P/I:P", "the metric A is missing"},
        {"AV:N/AC:L/Au:N/C:P/I:P/A:P/A:P", "the metric A stands twice"},
        {"AV:N/AC:L/Au:N/C:P/I:P/A:H", "\"A:H\": the metric A is one of N P C"},
        {"AV:N/AC:L/Au:N/C:P/I:P/A:P/", "\"\" is no metric"},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/AT:N", "\"AT:N\" is no metric"},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:", "\"A:\": the metric A is one of"},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:S/VI:H/VA:H/SC:H/SI:H/SA:H", "the metric VC is"},
        {"CVSS:5.0/AV:N", "no version of CVSS that is known"},
        {"CVSS:3.1", "no version of CVSS that is known"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_cvss cvss;
        struct rb_err err;
        assert_int_equal(rb_cvss_read(CASES[i].vector, &cvss, &err), RB_EINVALID);
        if (strstr(err.text, CASES[i].words) == NULL)
            fail_msg("%s", err.text);
    }
}

static void scores_have_names(void **state)
{
    (void)state;
    static const struct {
        int version, tenths;
        const char *band;
    } CASES[] = {{31, 0, "none"},    {31, 1, "low"},     {31, 39, "low"},  {40, 40, "medium"},
                 {40, 69, "medium"}, {30, 70, "high"},   {31, 89, "high"}, {31, 90, "critical"},
                 {20, 0, "low"},     {20, 69, "medium"}, {20, 100, "high"}};
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++)
        assert_string_equal(rb_cvss_band(CASES[i].version, CASES[i].tenths), CASES[i].band);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_have_their_published_scores),
        cmocka_unit_test(the_score_is_that_of_all_that_is_known),
        cmocka_unit_test(an_order_of_ones_own_is_taken),
        cmocka_unit_test(what_is_no_vector_is_told),
        cmocka_unit_test(scores_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
