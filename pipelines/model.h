/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the tree to the model, step by step: sources, then images (which name sources and each
 * other), then their order, then deployments (which name images). A thing with errors is still kept
 * so far that a reference to it is not a second error; the model is handed out only when there was
 * none.
 */
#ifndef PIPELINES_MODEL_H
#define PIPELINES_MODEL_H

#include "decode.h"
#include "names.h"
#include "rebake/pipelines/pipeline.h"

struct rb_source_list {
    struct rb_source *items;
    size_t count;
    struct rb_names names;
};

/* An image and what it was read from. */
struct rb_image_draft {
    struct rb_image model; /* from_image is set by rb_images_order */
    struct rb_mark mark;
    const char *kind;
    const struct rb_node *from;
    const struct rb_node *context_source;
    const struct rb_node *packages;
    struct rb_pairs arguments;
    const struct rb_image_draft *base; /* the image it builds on, or NULL */
    const struct rb_image_draft *walk; /* rb_images_order: the walk that came by; itself: ordered */
    struct rb_image *ordered;
};

struct rb_image_list {
    struct rb_image_draft *items; /* in the order of the file */
    size_t count;
    struct rb_names names;
};

/* items is the mapping of names to things, or NULL. */
struct rb_source_list rb_sources_read(const struct rb_decode *decode, const struct rb_node *items);
struct rb_image_list rb_images_read(const struct rb_decode *decode, const struct rb_node *items,
                                    const struct rb_source_list *sources);
/* The models, a base before its children and else in the order of the file. Cycles are reported,
   and their images left out. */
struct rb_image *rb_images_order(const struct rb_decode *decode, struct rb_image_list *list,
                                 size_t *ret_count);
struct rb_deployment *rb_deployments_read(const struct rb_decode *decode,
                                          const struct rb_node *items, const char *pipeline,
                                          const struct rb_image_list *images, size_t *ret_count);

/* What the key `policy` of a pipeline says; NULL where node is, or is none. */
const struct rb_policy_choice *rb_policy_choice_read(const struct rb_decode *decode,
                                                     const struct rb_node *node);

/* Fills image->code_paths. False where the context and the paths of its source have nothing in
   common. */
bool rb_code_paths_find(struct rb_arena *arena, struct rb_image *image);

/* Fills image->recipe_hash. */
void rb_recipe_hash(struct rb_image *image);

/* The name of an item, checked: one that is not a name is reported, and used all the same. */
const char *rb_item_name(const struct rb_decode *decode, const struct rb_node *key,
                         const char *what);

/* The tables of the language, with those of source_kind.h; the schema and the manual are checked
 * against them. */
extern const struct rb_field rb_pipeline_fields[];
extern const struct rb_field rb_image_fields[];
extern const struct rb_field rb_deployment_fields[];
extern const struct rb_field rb_policy_choice_fields[];

#endif
