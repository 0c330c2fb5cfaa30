/* SPDX-License-Identifier: Apache-2.0 */
#include "image_place.h"

#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { KEYS_MAXIMUM_BYTES = 64 << 10, SEEN_MAXIMUM = 16 };

static int add_place(const char *repository, struct rb_image_plan *plan, struct rb_err *err)
{
    struct rb_reference *place = &plan->places[plan->place_count];
    int status = rb_reference_parse(repository, place, err);
    if (status != 0)
        return status;
    plan->place_count++;
    rb_free(rb_steal(&place->tag)); /* "latest", which nobody asked for */
    return 0;
}

static int make_places(const struct rb_image_source *source, struct rb_image_plan *plan,
                       struct rb_err *err)
{
    size_t mirrors = 0;
    while (source->mirrors != NULL && source->mirrors[mirrors] != NULL)
        mirrors++;
    plan->places = rb_calloc(mirrors + 1, sizeof(*plan->places));
    for (size_t i = 0; i < mirrors; i++) {
        int status = add_place(source->mirrors[i], plan, err);
        if (status != 0)
            return status;
    }
    return add_place(source->repository, plan, err);
}

static void make_platform(const char *text, struct rb_image_plan *plan)
{
    plan->platform = rb_platform_here();
    if (text != NULL) {
        char *rest = NULL;
        plan->platform_text = rb_strdup(text);
        plan->platform.os = strtok_r(plan->platform_text, "/", &rest);
        plan->platform.architecture = strtok_r(NULL, "/", &rest);
        plan->platform.variant = strtok_r(NULL, "/", &rest);
    }
    const char *variant = plan->platform.variant;
    plan->platform_shown = rb_asprintf("%s/%s%s%s", plan->platform.os, plan->platform.architecture,
                                       variant != NULL ? "/" : "", variant != NULL ? variant : "");
}

static int read_keys(const char *path, struct rb_image_plan *plan, struct rb_err *err)
{
    RB_CLEANUP_FREE char *pem = NULL;
    size_t size = 0;
    int status = rb_file_read(path, KEYS_MAXIMUM_BYTES, &pem, &size, err);
    if (status != 0)
        return status;
    (void)rb_sha256_of(pem, size, plan->key_hash);
    return rb_cosign_keys_parse(pem, size, path, &plan->keys, err);
}

/* The tag as the reader of references takes it: what else it holds would become part of a path. */
static int take_tag(const struct rb_image_source *source, struct rb_image_plan *plan,
                    struct rb_err *err)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference whole = {0};
    RB_CLEANUP_FREE char *text = rb_asprintf("%s:%s", source->repository, source->tag);
    int status = rb_reference_parse(text, &whole, err);
    if (status == 0)
        plan->tag = rb_strdup(source->tag);
    return status;
}

int rb_image_plan_make(const struct rb_image_source *source, struct rb_image_plan *ret_plan,
                       enum rb_trouble *ret_trouble, struct rb_err *err)
{
    int status = make_places(source, ret_plan, err);
    make_platform(source->platform, ret_plan);
    ret_plan->digest = rb_strdup(source->digest);
    if (status == 0 && source->tag != NULL)
        status = take_tag(source, ret_plan, err);
    if (status == 0 && source->tag == NULL && source->digest == NULL)
        status = rb_tag_choice_new(&source->tags, &ret_plan->choice, err);
    if (status == 0 && source->signed_by != NULL) {
        status = read_keys(source->signed_by, ret_plan, err);
        if (status != 0)
            *ret_trouble = RB_TROUBLE_OURS;
    }
    return status;
}

void rb_image_plan_deinit(struct rb_image_plan *plan)
{
    for (size_t i = 0; i < plan->place_count; i++)
        rb_reference_deinit(&plan->places[i]);
    rb_free(plan->places);
    rb_free(plan->tag);
    rb_free(plan->digest);
    rb_tag_choice_free(plan->choice);
    rb_free(plan->platform_text);
    rb_free(plan->platform_shown);
    rb_cosign_keys_free(plan->keys);
}

void rb_image_memory_read(const json_t *memo, const char *known_version,
                          struct rb_image_memory *ret_memory)
{
    /* The tag's digest is only worth knowing together with the manifest that it led to. */
    if (known_version == NULL)
        return;
    ret_memory->manifest = rb_strdup(known_version);
    ret_memory->tag = rb_strdup(rb_json_get_string(memo, "tag", NULL));
    ret_memory->digest = rb_strdup(rb_json_get_string(memo, "digest", NULL));
    ret_memory->key_hash = rb_strdup(rb_json_get_string(memo, "key", NULL));
    ret_memory->confirmed_at = rb_json_get_integer(memo, "confirmedAt", 0);
    ret_memory->seen = json_incref(json_object_get(memo, "seen"));
}

void rb_image_memory_deinit(struct rb_image_memory *memory)
{
    rb_free(memory->tag);
    rb_free(memory->digest);
    rb_free(memory->manifest);
    rb_free(memory->key_hash);
    json_decref(memory->seen);
}

bool rb_image_memory_has(const struct rb_image_memory *memory, const char *digest)
{
    const json_t *seen;
    size_t i;
    json_array_foreach(memory->seen, i, seen)
    {
        if (rb_text_equal(json_string_value(seen), digest))
            return true;
    }
    return false;
}

/* The digests before this one, the latest first. */
static json_t *seen_before(const struct rb_image_memory *known, const char *digest)
{
    json_t *list = rb_json_array();
    const json_t *seen;
    size_t i;
    if (known->digest != NULL && !rb_text_equal(known->digest, digest))
        rb_json_append_string(list, known->digest);
    json_array_foreach(known->seen, i, seen)
    {
        if (json_array_size(list) < SEEN_MAXIMUM && json_is_string(seen) &&
            !rb_text_equal(json_string_value(seen), digest))
            rb_json_append_string(list, json_string_value(seen));
    }
    return list;
}

json_t *rb_image_memo(const struct rb_image_plan *plan, const struct rb_image_memory *known,
                      const char *tag, const char *digest, int64_t confirmed_at)
{
    json_t *memo = rb_json_object();
    rb_json_set_string(memo, "digest", digest);
    if (plan->choice != NULL)
        rb_json_set_string(memo, "tag", tag);
    if (plan->keys != NULL)
        rb_json_set_string(memo, "key", plan->key_hash);
    if (plan->place_count > 1) {
        rb_json_set(memo, "seen", seen_before(known, digest));
        rb_json_set_integer(memo, "confirmedAt", confirmed_at);
    }
    return memo;
}
