/* SPDX-License-Identifier: Apache-2.0 */
/* Histories replayed: the same each time, and what must hold of any policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/simulate/simulate.h"

#define HEAD "apiVersion: rebake/v1\npolicy: test\n"

enum { IMAGES = 60, HOUR_MS = 3600 * 1000 };

static struct rb_policy *read_policy(const char *text)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_policy *policy = NULL;
    struct rb_err err;
    if (text != NULL &&
        rb_policy_parse(text, strlen(text), "test.yaml", &policy, &diagnostics, &err) != 0)
        fail_msg("%s", err.text);
    return policy;
}

static json_t *simulate(const struct rb_history *history, const char *policy_text, int jobs,
                        int64_t approve_after_ms)
{
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = read_policy(policy_text);
    struct rb_simulation simulation = {
        .history = history, .policy = policy, .jobs = jobs, .approve_after_ms = approve_after_ms};
    json_t *report = NULL;
    struct rb_err err;
    if (rb_simulate(&simulation, &report, &err) != 0)
        fail_msg("%s", err.text);
    return report;
}

static int64_t figure(const json_t *report, const char *a, const char *b, const char *c)
{
    const json_t *json = json_object_get(report, a);
    if (b != NULL)
        json = json_object_get(json, b);
    if (c != NULL)
        json = json_object_get(json, c);
    assert_true(json_is_number(json));
    return (int64_t)json_number_value(json);
}

static void test_the_same_seed_gives_the_same_year(void **state)
{
    (void)state;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *a = rb_history_generate(IMAGES, 7);
    RB_CLEANUP(rb_history_cleanup) struct rb_history *b = rb_history_generate(IMAGES, 7);
    RB_CLEANUP(rb_history_cleanup) struct rb_history *c = rb_history_generate(IMAGES, 8);
    RB_CLEANUP_JSON json_t *of_a = simulate(a, NULL, 4, 0);
    RB_CLEANUP_JSON json_t *of_b = simulate(b, NULL, 4, 0);
    RB_CLEANUP_JSON json_t *of_c = simulate(c, NULL, 4, 0);
    assert_true(json_equal(of_a, of_b));
    assert_false(json_equal(of_a, of_c));
}

/* With places for all, each fix is in after its own image's build and those below it. */
static void test_what_nobody_holds_is_patched(void **state)
{
    (void)state;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = rb_history_generate(IMAGES, 3);
    RB_CLEANUP_JSON json_t *report = simulate(history, NULL, IMAGES, 0);
    assert_int_equal(figure(report, "held", NULL, NULL), 0);
    assert_true(figure(report, "timeToPatch", "all", "count") > 1000);
    assert_true(figure(report, "timeToPatch", "all", "open") < 20); /* those of the last hour */
    assert_true(figure(report, "timeToPatch", "all", "maxMs") < 2 * HOUR_MS);
    assert_true(figure(report, "mostRunning", NULL, NULL) <= IMAGES);
}

static void test_fewer_places_take_longer(void **state)
{
    (void)state;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = rb_history_generate(IMAGES, 3);
    RB_CLEANUP_JSON json_t *wide = simulate(history, NULL, IMAGES, 0);
    RB_CLEANUP_JSON json_t *narrow = simulate(history, NULL, 1, 0);
    assert_int_equal(figure(narrow, "mostRunning", NULL, NULL), 1);
    assert_true(figure(narrow, "waitedMs", NULL, NULL) > figure(wide, "waitedMs", NULL, NULL));
    assert_true(figure(narrow, "timeToPatch", "all", "p90Ms") >
                figure(wide, "timeToPatch", "all", "p90Ms"));
}

static void test_a_policy_that_holds_all_builds_nothing(void **state)
{
    (void)state;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = rb_history_generate(IMAGES, 3);
    RB_CLEANUP_JSON json_t *report = simulate(
        history, HEAD "sla: { critical: 1d }\nrules: { never: { decide: refuse } }\n", 4, 0);
    assert_int_equal(figure(report, "builds", NULL, NULL), 0);
    assert_int_equal(figure(report, "timeToPatch", "all", "count"), 0);
    assert_true(figure(report, "refused", NULL, NULL) > 0);
    assert_int_equal(figure(report, "sla", "met", NULL), 0);
    assert_true(figure(report, "sla", "breached", NULL) > 0);
}

static void test_approvals_come_late_and_are_for_what_stood_there(void **state)
{
    (void)state;
    static const char policy[] = HEAD "rules:\n  ask: { subject: [rebuild], decide: hold, "
                                      "until: { approvals: 2 } }\n  go: { decide: allow }\n";
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = rb_history_generate(IMAGES, 3);
    RB_CLEANUP_JSON json_t *never = simulate(history, policy, IMAGES, 0);
    RB_CLEANUP_JSON json_t *after = simulate(history, policy, IMAGES, 5 * HOUR_MS);
    assert_int_equal(figure(never, "builds", NULL, NULL), 0);
    assert_true(figure(after, "builds", NULL, NULL) > 0);
    assert_true(figure(after, "approvals", NULL, NULL) >= 2 * figure(after, "builds", NULL, NULL));
    assert_true(figure(after, "timeToPatch", "all", "p50Ms") > 5 * HOUR_MS);
}

static void test_bounds_are_kept(void **state)
{
    (void)state;
    static const char policy[] =
        HEAD "rules: { all: { decide: allow, set: { concurrency: { name: one, most: 3 }, "
             "budget: { name: all, a-day: 2h } } } }\n";
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = rb_history_generate(IMAGES, 3);
    RB_CLEANUP_JSON json_t *report = simulate(history, policy, IMAGES, 0);
    assert_int_equal(figure(report, "mostRunning", NULL, NULL), 3);
    assert_true(figure(report, "builds", NULL, NULL) > 0);
    assert_true(figure(report, "minutes", NULL, NULL) <= 366 * 120);
}

static void test_a_history_is_read_as_it_was_written(void **state)
{
    (void)state;
    char path[] = "/tmp/rebake-history-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fdopen(fd, "w");
    struct rb_err err;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *made = rb_history_generate(IMAGES, 3);
    RB_CLEANUP(rb_history_cleanup) struct rb_history *read = NULL;
    assert_int_equal(rb_history_write(made, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    if (rb_history_read(path, &read, &err) != 0)
        fail_msg("%s", err.text);
    (void)unlink(path);
    assert_int_equal(read->image_count, made->image_count);
    assert_int_equal(read->event_count, made->event_count);
    for (size_t i = 0; i < made->image_count; i++) {
        assert_string_equal(read->images[i].name, made->images[i].name);
        assert_int_equal(read->images[i].base, made->images[i].base);
        assert_int_equal(read->images[i].package_count, made->images[i].package_count);
        assert_true(read->images[i].build_ms == made->images[i].build_ms);
    }
    for (size_t i = 0; i < made->event_count; i++)
        assert_int_equal(read->events[i].kind, made->events[i].kind);
}

static void test_what_is_no_history(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "has no image"},
        {"{\"type\":\"image\",\"name\":\"a\"}\n", "has no event"},
        {"{\"type\":\"image\"}\n", "line 1"},
        {"{\"type\":\"image\",\"name\":\"a\",\"base\":\"b\"}\n",
         "its base b does not stand before it"},
        {"{\"type\":\"image\",\"name\":\"a\"}\n{\"type\":\"image\",\"name\":\"a\"}\n",
         "line 2: image a stands here again"},
        {"{\"type\":\"code\",\"at\":\"2026-01-01T00:00:00Z\",\"image\":\"a\"}\n",
         "there is no image a before it"},
        {"{\"type\":\"war\"}\n", "there is no type \"war\""},
        {"{\"type\":\"package\",\"at\":\"yesterday\",\"package\":\"a\"}\n", "yesterday"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        char path[] = "/tmp/rebake-history-XXXXXX";
        struct rb_history *history;
        struct rb_err err;
        int fd = mkstemp(path);
        assert_true(write(fd, bad[i].text, strlen(bad[i].text)) == (ssize_t)strlen(bad[i].text));
        (void)close(fd);
        assert_true(rb_history_read(path, &history, &err) != 0);
        (void)unlink(path);
        if (strstr(err.text, bad[i].message) == NULL)
            fail_msg("%s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_seed_gives_the_same_year),
        cmocka_unit_test(test_what_nobody_holds_is_patched),
        cmocka_unit_test(test_fewer_places_take_longer),
        cmocka_unit_test(test_a_policy_that_holds_all_builds_nothing),
        cmocka_unit_test(test_approvals_come_late_and_are_for_what_stood_there),
        cmocka_unit_test(test_bounds_are_kept),
        cmocka_unit_test(test_a_history_is_read_as_it_was_written),
        cmocka_unit_test(test_what_is_no_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
