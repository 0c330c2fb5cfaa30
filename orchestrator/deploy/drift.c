/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy_parts.h"
#include "rebake/base/text.h"

/* A difference is known by its kind and subject: each is told once. */
static bool is_told(const json_t *drift, const char *kind, const char *subject)
{
    size_t i;
    const json_t *item;
    json_array_foreach(drift, i, item)
    {
        if (rb_text_equal(rb_json_get_string(item, "kind", NULL), kind) &&
            rb_text_equal(rb_json_get_string(item, "subject", NULL), subject))
            return true;
    }
    return false;
}

void deploy_add_drift(json_t *drift, const char *kind, const char *subject, const char *expected,
                      const char *found)
{
    if (is_told(drift, kind, subject))
        return;
    json_t *item = rb_json_object();
    rb_json_set_string(item, "kind", kind);
    rb_json_set_string(item, "subject", subject);
    rb_json_set_string(item, "expected", expected);
    rb_json_set_string(item, "found", found);
    rb_json_append(drift, item);
}
