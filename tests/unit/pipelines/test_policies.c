/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files: what is said is read, and the manual's example is good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/pipelines/policy_file.h"

#define FOLDER REBAKE_TEST_DIR "/unit/pipelines/policies/"
#define MANUAL REBAKE_TEST_DIR "/../docs/man/rebake-policy.5.scd"

enum { TEXT_MAXIMUM = 1 << 20 };

static struct rb_policy_file *parse(const char *data, size_t size, const char *name)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(TEXT_MAXIMUM);
    struct rb_policy_file *file = NULL;
    struct rb_err err;
    int status = rb_policy_file_parse(data, size, name, &file, &diagnostics, &err);
    rb_diagnostics_print(&diagnostics, &text);
    if (status != 0)
        fail_msg("%s\n%s", err.text, rb_strbuf_text(&text));
    return file;
}

static void what_is_said_is_read(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    assert_int_equal(rb_file_read(FOLDER "good/everything.yaml", TEXT_MAXIMUM, &data, &size, NULL),
                     0);
    struct rb_policy_file *file = parse(data, size, "everything.yaml");
    assert_string_equal(file->extends, "./more.yaml");
    assert_int_equal(file->window_count, 3);
    assert_string_equal(file->windows[0].timezone, "Europe/Berlin");
    assert_string_equal(file->windows[1].timezone, "UTC");
    assert_null(file->windows[1].recurrence);
    assert_int_equal(file->windows[2].for_ms, 90 * 60 * 1000);
    assert_int_equal(file->sla.exploited_ms, 24 * 3600 * 1000);
    assert_int_equal(file->waiver_count, 2);
    assert_string_equal(file->waivers[0].subjects[1], "shop/app");
    assert_null(file->waivers[1].subjects);
    assert_true(file->waivers[1].until_at == INT64_C(1803902400000)); /* 2027-03-01T12:00:00Z */
    assert_int_equal(file->rule_count, 3);
    const struct rb_policy_rule *rule = &file->rules[0];
    assert_string_equal(rule->subjects[1], "deploy");
    assert_int_equal(rule->place.line, 13);
    assert_int_equal(rule->when_place.line, 15);
    assert_ptr_equal(rule->during, &file->windows[0]);
    assert_ptr_equal(rule->outside, &file->windows[1]);
    assert_int_equal(rule->effect, RB_POLICY_EFFECT_HOLD);
    assert_int_equal(rule->until.approvals, 2);
    assert_string_equal(rule->until.approvers[1], "bob");
    assert_true(rule->until.tests);
    assert_string_equal(rule->how.priority, "80");
    assert_int_equal(rule->how.argument_count, 2);
    assert_string_equal(rule->how.arguments[0].name, "A");
    assert_string_equal(rule->how.most, "2");
    assert_int_equal(file->rules[1].effect, RB_POLICY_EFFECT_NONE);
    assert_int_equal(file->rules[2].effect, RB_POLICY_EFFECT_REFUSE);
    rb_policy_file_free(file);
}

static void the_example_of_the_manual_is_good(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *manual = NULL;
    assert_int_equal(rb_file_read(MANUAL, TEXT_MAXIMUM, &manual, NULL, NULL), 0);
    const char *begin = strstr(manual, "\n```\n") + strlen("\n```\n");
    const char *end = strstr(begin, "\n```\n");
    assert_non_null(end);
    struct rb_policy_file *file = parse(begin, (size_t)(end - begin), "example.yaml");
    assert_int_equal(file->rule_count, 4);
    rb_policy_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read),
        cmocka_unit_test(the_example_of_the_manual_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
