/* SPDX-License-Identifier: Apache-2.0 */
#include "build_spec.h"

#include <ctype.h>
#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/reference.h"

static const char WHAT[] = "the job's spec";

static int refuse(const char *member, const char *value, const char *wanted, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: \"%s\": \"%.200s\" is not %s", WHAT, member, value,
                      wanted);
}

/* Relative, and nothing in it leads up: "a/b", ".". */
static bool is_inner_path(const char *path)
{
    if (path[0] == '\0' || path[0] == '/')
        return false;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    }
    return true;
}

static bool is_variable_name(const char *name)
{
    if (!isalpha((unsigned char)name[0]) && name[0] != '_')
        return false;
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    }
    return true;
}

static bool is_repository(const char *text)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    RB_CLEANUP_FREE char *plain = NULL;
    if (rb_reference_parse(text, &reference, NULL) != 0)
        return false;
    rb_free(reference.tag);
    reference.tag = NULL;
    plain = rb_reference_format(&reference);
    return reference.digest == NULL && strcmp(plain, text) == 0;
}

/* A line of deb822 (deb822(5)) is made of it: no blank, no control character. */
static bool is_word(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!isgraph((unsigned char)*at))
            return false;
    }
    return text[0] != '\0';
}

static int read_code(const json_t *lock, struct checkout_request *code, struct rb_err *err)
{
    const json_t *json = json_object_get(lock, "code");
    int status = rb_json_want_string(json, WHAT, "url", &code->url, err);
    code->branch = rb_json_get_string(json, "branch", NULL);
    code->tag = rb_json_get_string(json, "tag", NULL);
    if (status == 0 && (code->branch == NULL) == (code->tag == NULL))
        status = rb_err_set(err, RB_EINVALID, "%s: wants one of \"branch\" and \"tag\"", WHAT);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "commit", &code->commit, err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "tree", &code->tree, err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "path", &code->path, err);
    if (status == 0 && !is_inner_path(code->path))
        status = refuse("path", code->path, "a path inside the code", err);
    return status;
}

static int read_base(const json_t *lock, struct build_spec *spec, struct rb_err *err)
{
    const json_t *json = json_object_get(lock, "base");
    int status = rb_json_want_string(json, WHAT, "reference", &spec->base_reference, err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "digest", &spec->base_digest, err);
    if (status == 0 && !is_repository(spec->base_reference))
        status = refuse("reference", spec->base_reference, "registry/name", err);
    if (status == 0 && !rb_digest_is_valid(spec->base_digest))
        status = refuse("digest", spec->base_digest, "a sha256 digest", err);
    return status;
}

static int check_arguments(const json_t *arguments, struct rb_err *err)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        if (!is_variable_name(name) || !json_is_string(value))
            return refuse("arguments", name, "a variable's name with a text", err);
    }
    return 0;
}

static int check_repository(const json_t *repository, struct rb_err *err)
{
    static const char *const members[] = {"name", "url", "suite", "signedBy"};
    const json_t *components = json_object_get(repository, "components"), *component;
    const char *text = NULL;
    size_t i;
    int status = 0;
    for (i = 0; status == 0 && i < RB_COUNT_OF(members); i++) {
        status = rb_json_want_string(repository, WHAT, members[i], &text, err);
        if (status == 0 && !is_word(text))
            status = refuse(members[i], text, "one word", err);
    }
    if (status == 0 && !rb_text_is_name(rb_json_get_string(repository, "name", "")))
        status = refuse("name", rb_json_get_string(repository, "name", ""), "a name", err);
    if (status == 0 && text[0] != '/')
        status = refuse("signedBy", text, "an absolute path", err);
    json_array_foreach(components, i, component)
    {
        const char *word = json_is_string(component) ? json_string_value(component) : "";
        if (status == 0 && !is_word(word))
            status = refuse("components", word, "one word", err);
    }
    return status;
}

int build_spec_read(const json_t *json, struct build_spec *ret_spec, struct rb_err *err)
{
    struct build_spec spec = {0};
    const json_t *lock = json_object_get(json, "lock"), *repository;
    const char *builder = NULL;
    size_t i;
    int status = rb_json_want_string(json, WHAT, "image", &spec.image, err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "builder", &builder, err);
    if (status == 0 && strcmp(builder, "buildah") != 0)
        status = refuse("builder", builder, "a builder that this runner has (buildah)", err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "from", &spec.from, err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "recipeFile", &spec.recipe_file, err);
    if (status == 0 && !is_inner_path(spec.recipe_file))
        status = refuse("recipeFile", spec.recipe_file, "a path inside the context", err);
    if (status == 0 && rb_text_ends_with(spec.recipe_file, ".in"))
        status = refuse("recipeFile", spec.recipe_file,
                        "a Containerfile: one that must be preprocessed (.in) is not built", err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT, "push", &spec.push, err);
    if (status == 0 && !is_repository(spec.push))
        status = refuse("push", spec.push, "registry/name", err);
    if (status == 0)
        status = read_base(lock, &spec, err);
    if (status == 0)
        status = read_code(lock, &spec.code, err);
    spec.from_tag = rb_json_get_string(json, "fromTag", NULL);
    spec.code.mirror = rb_json_get_string(json, "mirror", NULL);
    spec.is_trial = rb_json_get_bool(json, "trial", false);
    spec.layer_cache = rb_json_get_bool(json, "layerCache", true);
    spec.known_layers = rb_json_get_string(json, "knownLayers", NULL);
    spec.arguments = json_object_get(json, "arguments");
    spec.repositories = json_object_get(json, "repositories");
    if (status == 0)
        status = check_arguments(spec.arguments, err);
    json_array_foreach(spec.repositories, i, repository)
    {
        if (status == 0)
            status = check_repository(repository, err);
    }
    if (status == 0)
        *ret_spec = spec;
    return status;
}
