/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

#define PLAIN     "{\"container\": \"shop-production\"}"
#define READ_ONLY "{\"container\": \"shop-production\", \"readOnly\": true}"

static char *compare(const char *podman, const char *ignore, const json_t *container,
                     const json_t *changes)
{
    RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, podman, ignore);
    RB_CLEANUP_JSON json_t *drift = rb_json_array();
    struct deploy_target target = read_target(spec);
    deploy_compare_files(&target, container, changes, drift);
    return drift_text(drift);
}

static void test_recorded_changes(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *answer = read_recorded("inspect-plain.json");
    RB_CLEANUP_JSON json_t *changes = read_recorded("diff-changed.json");
    RB_CLEANUP_FREE char *all = compare(PLAIN, "[]", first_of(answer), changes);
    RB_CLEANUP_FREE char *some =
        compare(PLAIN, "[\"/var/cache/**\", \"/tmp/*\", \"/new/**\", \"/etc/version\"]",
                first_of(answer), changes);
    assert_string_equal(all, "file /bin: as in the image -> changed\n"
                             "file /etc/motd: as in the image -> changed\n"
                             "file /etc/version: as in the image -> deleted\n"
                             "file /etc/\xc3\xbc b: as in the image -> added\n"
                             "file /etc-x: as in the image -> added\n"
                             "file /new/sub/f: as in the image -> added\n"
                             "file /tmp/t: as in the image -> added\n"
                             "file /var/cache/a/b/c: as in the image -> added\n"
                             "file /var/lib/log/y: as in the image -> added\n");
    assert_string_equal(some, "file /bin: as in the image -> changed\n"
                              "file /etc/motd: as in the image -> changed\n"
                              "file /etc/\xc3\xbc b: as in the image -> added\n"
                              "file /etc-x: as in the image -> added\n"
                              "file /var/lib/log/y: as in the image -> added\n");
}

/* What podman lists for a container that nobody has touched. */
static void test_untouched(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *answer = read_recorded("inspect-readonly.json");
    RB_CLEANUP_JSON json_t *changes = read_recorded("diff-readonly.json");
    RB_CLEANUP_FREE char *text = compare(READ_ONLY, "[]", first_of(answer), changes);
    assert_string_equal(text, "");
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *changes;
        const char *mounts;
        const char *ignore;
        const char *drift; /* the subjects */
    } ROWS[] = {
        {"{}", "[]", "[]", ""},
        {"{\"changed\": null}", "[]", "[]", ""},
        {"{\"changed\": [\"/etc\", \"/run\", \"/run/x\", \"/dev/y\", \"/proc/1\", \"/sys/z\"]}",
         "[]", "[]", ""},
        {"{\"changed\": [\"/etc/hosts\", \"/etc/hosts.allow\"]}", "[]", "[]", "/etc/hosts.allow "},
        {"{\"changed\": [\"/\", \"/a\"]}", "[]", "[]", "/a "},
        {"{\"changed\": [\"/runner\"]}", "[]", "[]", "/runner "},
        /* A folder is told only where nothing in it is. */
        {"{\"added\": [\"/a\", \"/a/b\", \"/a-b\", \"/a/b/c\"]}", "[]", "[]", "/a/b/c /a-b "},
        {"{\"added\": [\"/a\", \"/b\"]}", "[]", "[]", "/a /b "},
        {"{\"changed\": [\"/a\"], \"deleted\": [\"/a/b\"]}", "[]", "[]", "/a/b "},
        /* Mounts, what is in them, and the way to them. */
        {"{\"added\": [\"/a\", \"/a/b\", \"/a/b/c\"]}", "[{\"Destination\": \"/a/b\"}]", "[]", ""},
        {"{\"added\": [\"/a\", \"/a/b\"]}", "[{\"Destination\": \"/a/b/\"}]", "[]", ""},
        {"{\"added\": [\"/a\", \"/a/bb\"]}", "[{\"Destination\": \"/a/b\"}]", "[]", "/a/bb "},
        /* What is ignored, and the way to it. */
        {"{\"changed\": [\"/v\", \"/v/log\"], \"added\": [\"/v/log/x\"]}", "[]", "[\"/v/log/*\"]",
         ""},
        {"{\"changed\": [\"/v\", \"/v/log\"], \"added\": [\"/v/log/x\", \"/v/y\"]}", "[]",
         "[\"/v/log/*\"]", "/v/y "},
        {"{\"added\": [5, null, \"/x\"]}", "[]", "[]", "/x "},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PLAIN, ROWS[i].ignore);
        RB_CLEANUP_JSON json_t *container = rb_json_object();
        RB_CLEANUP_JSON json_t *changes = parse_text(ROWS[i].changes);
        RB_CLEANUP_JSON json_t *drift = rb_json_array();
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf subjects = RB_STRBUF_INIT(4096);
        struct deploy_target target = read_target(spec);
        rb_json_set(container, "Mounts", parse_text(ROWS[i].mounts));
        deploy_compare_files(&target, container, changes, drift);
        for (size_t j = 0; j < json_array_size(drift); j++)
            rb_strbuf_printf(&subjects, "%s ",
                             rb_json_get_string(json_array_get(drift, j), "subject", "?"));
        if (strcmp(rb_strbuf_text(&subjects), ROWS[i].drift) != 0)
            fail_msg("%s: %s", ROWS[i].changes, rb_strbuf_text(&subjects));
    }
}

static void test_very_many(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    RB_CLEANUP_JSON json_t *container = rb_json_object();
    RB_CLEANUP_JSON json_t *changes = rb_json_object();
    json_t *added = rb_json_array();
    for (int i = 0; i < MANY; i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("/f%05d", i);
        rb_json_append_string(added, path);
    }
    rb_json_set(changes, "added", added);
    RB_CLEANUP_FREE char *text = compare(PLAIN, "[]", container, changes);
    RB_CLEANUP_FREE char *more =
        rb_asprintf("file /: as in the image -> %d more changed\n", MANY - DEPLOY_FILES_MAXIMUM);
    assert_non_null(strstr(text, "file /f00099: "));
    assert_null(strstr(text, "file /f00100: "));
    assert_string_equal(strstr(text, "file /:"), more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_changes),
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_very_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
