/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <string.h>

#include "rebake/base/text.h"
#include "rebake/pipelines/pipeline.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

const char rb_letters_and_digits[] = LOWER UPPER DIGITS;
const char rb_lower_and_digits[] = LOWER DIGITS;

const char *rb_value_refuse(struct rb_complaint *complaint, const char *what, const char *hint)
{
    complaint->what = what;
    complaint->hint = hint;
    return NULL;
}

bool rb_value_consists_of(const char *text, const char *set, const char *not_first)
{
    return *text != '\0' && strchr(not_first, *text) == NULL && text[strspn(text, set)] == '\0';
}

const char *rb_value_name(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_text_is_name(text))
        return text;
    return rb_value_refuse(
        complaint, "is not a name",
        "write at most 63 of a-z, 0-9, \".\", \"_\" and \"-\", a letter or digit "
        "first");
}

const char *rb_value_any(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    (void)complaint;
    return text;
}

const char *rb_value_word(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    return *text != '\0' ? text : rb_value_refuse(complaint, "is empty", "remove it or fill it in");
}

const char *rb_value_api_version(struct rb_arena *arena, const char *text,
                                 struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_text_equal(text, "rebake/v1"))
        return text;
    return rb_value_refuse(complaint, "is not a version of the language that this program reads",
                           "write apiVersion: rebake/v1");
}

const char *rb_value_image_kind(struct rb_arena *arena, const char *text,
                                struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_text_equal(text, "container"))
        return text;
    if (rb_text_equal(text, "host"))
        return rb_value_refuse(complaint, "is not yet supported",
                               "only images of containers are built so far: remove this image");
    return rb_value_refuse(complaint, "is not a kind of image", "write kind: container");
}

const char *rb_value_builder(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_text_equal(text, "buildah"))
        return text;
    return rb_value_refuse(complaint, "is not a builder that this program has",
                           "write builder: buildah, or remove the line");
}

const char *rb_value_rebuild_on(struct rb_arena *arena, const char *text,
                                struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_text_equal(text, RB_REBUILD_ON_PACKAGE) || rb_text_equal(text, RB_REBUILD_ON_ADVISORY))
        return text;
    return rb_value_refuse(complaint, "is nothing that makes an image stale",
                           "write on: package for each newer package, or on: advisory for those "
                           "alone that close one");
}

const char *rb_value_argument(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_value_consists_of(text, LOWER UPPER DIGITS "_", DIGITS))
        return text;
    return rb_value_refuse(complaint, "is not the name of a variable",
                           "write letters, digits and \"_\", no digit first");
}
