/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/pipelines/lock.h"

#include <string.h>

#include "rebake/base/memory.h"

static json_t *text_array(const char *const *texts)
{
    json_t *array = rb_json_array();
    for (; texts != NULL && *texts != NULL; texts++)
        rb_json_append_string(array, *texts);
    return array;
}

static json_t *repository_of(const struct rb_source *source, const char *release_hash)
{
    json_t *repository = rb_json_object();
    rb_json_set_string(repository, "name", source->name);
    rb_json_set_string(repository, "url", source->apt.url);
    rb_json_set_string(repository, "suite", source->apt.suite);
    rb_json_set(repository, "components", text_array(source->apt.components));
    rb_json_set_string(repository, "signed-by", source->apt.signed_by);
    rb_json_set_string(repository, "release", release_hash);
    return repository;
}

json_t *rb_lock_make(const struct rb_image *image, const struct rb_lock_inputs *inputs)
{
    json_t *lock = rb_json_object(), *base = rb_json_object(), *code = rb_json_object();
    json_t *repositories = rb_json_array();
    rb_json_set_string(base, "reference", inputs->base_reference);
    rb_json_set_string(base, "digest", inputs->base_digest);
    rb_json_set_string(code, "url", image->context_source->git.url);
    rb_json_set_string(code, "branch", image->context_source->git.branch);
    rb_json_set_string(code, "commit", inputs->commit);
    rb_json_set_string(code, "path", image->context_path);
    rb_json_set_string(code, "tree", inputs->tree);
    for (size_t i = 0; image->packages[i] != NULL; i++)
        rb_json_append(repositories, repository_of(image->packages[i], inputs->release_hashes[i]));
    rb_json_set_string(lock, "recipe", image->recipe_hash);
    rb_json_set_string(lock, "builder", image->builder);
    rb_json_set(lock, "base", base);
    rb_json_set(lock, "code", code);
    rb_json_set(lock, "repositories", repositories);
    return lock;
}

char *rb_lock_hash(const json_t *lock, char *hex)
{
    RB_CLEANUP_FREE char *text = rb_json_canonical(lock);
    return rb_sha256_of(text, strlen(text), hex);
}
