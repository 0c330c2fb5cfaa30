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
    rb_json_set_string(repository, "kind", rb_source_kind_name(source->kind));
    if (source->kind != RB_SOURCE_APT) {
        rb_json_set(repository, "source", rb_source_spec(source));
        rb_json_set_string(repository, "release", release_hash);
        return repository;
    }
    rb_json_set_string(repository, "url", source->apt.url);
    rb_json_set_string(repository, "suite", source->apt.suite);
    rb_json_set(repository, "components", text_array(source->apt.components));
    rb_json_set_string(repository, "signed-by", source->apt.signed_by);
    rb_json_set_string(repository, "release", release_hash);
    return repository;
}

/* NULL where one of them is not known. The caller drops the reference. */
static json_t *trees_that_count(const struct rb_image *image, const json_t *trees)
{
    json_t *found = rb_json_object();
    for (size_t i = 0; image->code_paths[i] != NULL; i++) {
        json_t *tree = json_object_get(trees, image->code_paths[i]);
        if (tree == NULL) {
            json_decref(found);
            return NULL;
        }
        rb_json_set(found, image->code_paths[i], json_incref(tree));
    }
    return found;
}

static const char *key_of_trees(const json_t *trees, char *hex)
{
    RB_CLEANUP_FREE char *text = rb_json_canonical(trees);
    return rb_sha256_of(text, strlen(text), hex);
}

const char *rb_lock_code_key(const struct rb_image *image, const json_t *trees, char *hex)
{
    const char *tree = rb_json_get_string(trees, image->context_path, NULL);
    if (image->context_source->git.paths == NULL || tree == NULL)
        return tree;
    RB_CLEANUP_JSON json_t *found = trees_that_count(image, trees);
    return found == NULL ? NULL : key_of_trees(found, hex);
}

const char *rb_lock_built_code_key(const json_t *lock, char *hex)
{
    const json_t *code = json_object_get(lock, "code");
    const json_t *trees = json_object_get(code, "trees");
    return trees == NULL ? rb_json_get_string(code, "tree", NULL) : key_of_trees(trees, hex);
}

static json_t *code_of(const struct rb_image *image, const struct rb_lock_inputs *inputs)
{
    const struct rb_git_source *git = &image->context_source->git;
    json_t *code = rb_json_object();
    rb_json_set_string(code, "url", git->url);
    rb_json_set_string(code, git->branch != NULL ? "branch" : "tag",
                       git->branch != NULL ? git->branch : inputs->tag);
    rb_json_set_string(code, "commit", inputs->commit);
    rb_json_set_string(code, "path", image->context_path);
    rb_json_set_string(code, "tree", inputs->tree);
    json_t *trees = git->paths == NULL ? NULL : trees_that_count(image, inputs->trees);
    if (trees != NULL)
        rb_json_set(code, "trees", trees);
    return code;
}

json_t *rb_lock_make(const struct rb_image *image, const struct rb_lock_inputs *inputs)
{
    json_t *lock = rb_json_object(), *base = rb_json_object();
    json_t *repositories = rb_json_array();
    rb_json_set_string(base, "reference", inputs->base_reference);
    rb_json_set_string(base, "digest", inputs->base_digest);
    for (size_t i = 0; image->packages[i] != NULL; i++)
        rb_json_append(repositories, repository_of(image->packages[i], inputs->release_hashes[i]));
    rb_json_set_string(lock, "recipe", image->recipe_hash);
    rb_json_set_string(lock, "builder", image->builder);
    rb_json_set(lock, "base", base);
    rb_json_set(lock, "code", code_of(image, inputs));
    rb_json_set(lock, "repositories", repositories);
    return lock;
}

char *rb_lock_hash(const json_t *lock, char *hex)
{
    RB_CLEANUP_FREE char *text = rb_json_canonical(lock);
    return rb_sha256_of(text, strlen(text), hex);
}
