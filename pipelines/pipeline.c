/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/pipelines/pipeline.h"

#include "document.h"
#include "model.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

struct owned {
    struct rb_pipeline model;
    struct rb_arena *arena;
    struct rb_names sources;
    struct rb_names images;
};

struct draft {
    const char *api_version;
    const char *name;
    const struct rb_node *sources;
    const struct rb_node *images;
    const struct rb_node *deploy;
    const struct rb_node *policy;
};

#define AT(member) offsetof(struct draft, member)
#define IMAGES_EXAMPLE                                                                             \
    "images: { app: { from: NAME, context: { source: NAME }, push: REGISTRY/NAME } }"

const struct rb_field rb_pipeline_fields[] = {
    {.key = "apiVersion",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(api_version),
     .read = rb_value_api_version,
     .example = "apiVersion: rebake/v1"},
    {.key = "pipeline",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(name),
     .read = rb_value_name,
     .example = "pipeline: NAME"},
    {.key = "sources",
     .kind = RB_FIELD_ITEMS,
     .required = true,
     .filled = true,
     .offset = AT(sources),
     .example = "sources: { code: { git: URL, branch: main } }"},
    {.key = "images",
     .kind = RB_FIELD_ITEMS,
     .filled = true,
     .offset = AT(images),
     .example = IMAGES_EXAMPLE},
    {.key = "deploy",
     .kind = RB_FIELD_ITEMS,
     .offset = AT(deploy),
     .example = "deploy: { production: { images: [NAME], target: { podman: {} } } }"},
    {.key = "policy",
     .kind = RB_FIELD_ITEMS,
     .filled = true,
     .offset = AT(policy),
     .example = "policy: { file: policy.yaml }"},
    {.key = NULL}};

const char *rb_item_name(const struct rb_decode *decode, const struct rb_node *key,
                         const char *what)
{
    struct rb_complaint complaint = {0};
    if (rb_value_name(decode->arena, key->text, &complaint) != NULL)
        return key->text;
    rb_report_add(decode->report, key->mark, complaint.hint, "%s %s: %s", what,
                  rb_report_quote(decode->arena, key->text), complaint.what);
    return key->text;
}

/* A pipeline is there for its images, or brings other pipelines. */
static void expect_images(const struct rb_decode *decode, const struct rb_node *root,
                          const struct rb_source_list *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->items[i].kind == RB_SOURCE_PIPELINE)
            return;
    }
    if (rb_decode_find(root, "images") == NULL)
        rb_report_add(decode->report, root->mark, "write " IMAGES_EXAMPLE,
                      "pipeline: \"images\" is missing");
}

static void build(const struct rb_decode *decode, const struct rb_node *root, struct owned *owned)
{
    struct rb_pipeline *model = &owned->model;
    struct draft draft = {.name = ""};
    rb_decode_block(decode, root, root->mark, "pipeline", rb_pipeline_fields, &draft);
    struct rb_source_list sources = rb_sources_read(decode, draft.sources);
    expect_images(decode, root, &sources);
    struct rb_image_list drafts = rb_images_read(decode, draft.images, &sources);
    struct rb_image *images = rb_images_order(decode, &drafts, &model->image_count);
    model->name = draft.name;
    model->sources = sources.items;
    model->source_count = sources.count;
    model->deployments =
        rb_deployments_read(decode, draft.deploy, draft.name, &drafts, &model->deployment_count);
    model->policy = rb_policy_choice_read(decode, draft.policy);
    if (decode->report->diagnostics->count > 0)
        return;
    for (size_t i = 0; i < model->image_count; i++)
        rb_recipe_hash(&images[i]);
    model->images = images;
    owned->sources = sources.names;
    owned->images = rb_names_of(decode->arena, images, model->image_count, sizeof(*images),
                                offsetof(struct rb_image, name));
}

int rb_pipeline_parse(const char *data, size_t size, const char *file,
                      struct rb_pipeline **ret_pipeline, struct rb_diagnostics *diagnostics,
                      struct rb_err *err)
{
    if (size > RB_TREE_BYTES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than %d bytes", file,
                          RB_TREE_BYTES_MAXIMUM);
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    owned->model.file = rb_arena_strdup(owned->arena, file);
    rb_sha256_of(data, size, owned->model.content_hash);
    struct rb_report report = {.diagnostics = diagnostics, .file = owned->model.file};
    struct rb_decode decode = {.arena = owned->arena, .report = &report};
    const struct rb_node *root = rb_document_root(&decode, data, size, "a pipeline");
    if (root != NULL)
        build(&decode, root, owned);
    int status = rb_document_verdict(&report, err);
    if (status == 0)
        *ret_pipeline = &owned->model;
    else
        rb_pipeline_free(&owned->model);
    return status;
}

int rb_pipeline_read(const char *path, struct rb_pipeline **ret_pipeline,
                     struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, RB_TREE_BYTES_MAXIMUM, &data, &size, err);
    if (status != 0)
        return status;
    return rb_pipeline_parse(data, size, path, ret_pipeline, diagnostics, err);
}

bool rb_pipeline_is_file_name(const char *name)
{
    return name[0] != '.' && (rb_text_ends_with(name, ".yaml") || rb_text_ends_with(name, ".yml"));
}

void rb_pipeline_free(struct rb_pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    struct owned *owned = rb_container_of(pipeline, struct owned, model);
    rb_arena_free(owned->arena);
    rb_free(owned);
}

void rb_pipeline_cleanup(struct rb_pipeline **pipeline)
{
    rb_pipeline_free(*pipeline);
}

const struct rb_source *rb_pipeline_source(const struct rb_pipeline *pipeline, const char *name)
{
    const struct owned *owned = rb_container_of(pipeline, const struct owned, model);
    return rb_names_find(&owned->sources, name);
}

const struct rb_image *rb_pipeline_image(const struct rb_pipeline *pipeline, const char *name)
{
    const struct owned *owned = rb_container_of(pipeline, const struct owned, model);
    return rb_names_find(&owned->images, name);
}
