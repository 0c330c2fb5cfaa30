/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

json_t *parse_text(const char *text)
{
    json_t *json = NULL;
    struct rb_err err;
    if (rb_json_parse(text, strlen(text), "the test's text", &json, &err) != 0)
        fail_msg("%s: %s", err.text, text);
    return json;
}

json_t *read_recorded(const char *name)
{
    RB_CLEANUP_FREE char *path =
        rb_asprintf("%s/unit/deploy/podman-4.3.1/%s", REBAKE_TEST_DIR, name);
    json_t *json = NULL;
    struct rb_err err;
    if (rb_json_read_file(path, 1 << 20, &json, &err) != 0)
        fail_msg("%s", err.text);
    return json;
}

json_t *make_spec(const char *digest, const char *podman, const char *ignore)
{
    RB_CLEANUP_FREE char *text = rb_asprintf(
        "{\"version\": 1, \"kind\": \"observe\", \"timeoutSeconds\": 60,"
        " \"deployment\": \"shop/production\", \"reference\": \"registry.example.com/shop/app\","
        " \"digest\": \"%s\", \"target\": {\"podman\": %s,"
        " \"health\": {\"command\": [\"/bin/true\"], \"withinSeconds\": 5}, \"ignore\": %s}}",
        digest, podman, ignore);
    return parse_text(text);
}

struct deploy_target read_target(const json_t *spec)
{
    struct deploy_target target;
    struct rb_err err;
    if (deploy_read_target(spec, &target, &err) != 0)
        fail_msg("%s", err.text);
    return target;
}

json_t *first_of(const json_t *answer)
{
    json_t *container = json_array_get(answer, 0);
    assert_non_null(container);
    return container;
}

void take_label(struct deploy_target *target, const json_t *container)
{
    const json_t *labels = json_object_get(json_object_get(container, "Config"), "Labels");
    const char *label = rb_json_get_string(labels, DEPLOY_LABEL_SPEC, "");
    assert_int_equal(strlen(label), RB_SHA256_HEX_SIZE - 1);
    memcpy(target->spec_hash, label, RB_SHA256_HEX_SIZE);
}

char *drift_text(const json_t *drift)
{
    struct rb_strbuf text = RB_STRBUF_INIT(65536);
    size_t i;
    const json_t *item;
    json_array_foreach(drift, i, item) rb_strbuf_printf(
        &text, "%s %s: %s -> %s\n", rb_json_get_string(item, "kind", "?"),
        rb_json_get_string(item, "subject", "?"), rb_json_get_string(item, "expected", "?"),
        rb_json_get_string(item, "found", "?"));
    return rb_strbuf_steal(&text);
}
