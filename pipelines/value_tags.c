/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a tag policy (rebake/pipelines/tags.h). */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/regex.h"
#include "rebake/base/semver.h"
#include "rebake/base/text.h"
#include "value.h"

enum { GLOB_MAXIMUM = 255 };

const char *rb_value_tag_glob(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    (void)arena;
    if (*text == '\0')
        return rb_value_refuse(complaint, "is empty", "remove it or fill it in");
    if (strlen(text) > GLOB_MAXIMUM)
        return rb_value_refuse(complaint, "is longer than 255 bytes", NULL);
    return text;
}

const char *rb_value_tag_match(struct rb_arena *arena, const char *text,
                               struct rb_complaint *complaint)
{
    struct rb_regex *regex = NULL;
    struct rb_err err;
    if (rb_regex_new(text, &regex, &err) != 0)
        return rb_value_refuse(complaint, "is not an expression that can be used",
                               rb_arena_strdup(arena, err.text));
    rb_regex_free(regex);
    return text;
}

const char *rb_value_tag_range(struct rb_arena *arena, const char *text,
                               struct rb_complaint *complaint)
{
    static const char hint[] = "write for example \"^1.2\", \"~1.2.3\", \"1.x\" or \">=1.2 <2\"";
    struct rb_semver_range *range = NULL;
    (void)arena;
    if (*text == '\0' || rb_semver_range_parse(text, false, &range, NULL) != 0)
        return rb_value_refuse(complaint, "is not a range of semantic versions", hint);
    rb_semver_range_free(range);
    return text;
}

const char *rb_value_tag_order(struct rb_arena *arena, const char *text,
                               struct rb_complaint *complaint)
{
    static const char *const orders[] = {"semver", "numeric", "alphabetical", "deb"};
    (void)arena;
    for (size_t i = 0; i < RB_COUNT_OF(orders); i++) {
        if (rb_text_equal(text, orders[i]))
            return text;
    }
    return rb_value_refuse(complaint, "is not an order of tags",
                           "write semver, numeric, alphabetical or deb");
}
