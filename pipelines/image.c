/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

#define AT(member) offsetof(struct rb_image_draft, member)

enum { TIMEOUT_MS = 30 * 60 * 1000 };

static const struct rb_field context_fields[] = {{.key = "source",
                                                  .kind = RB_FIELD_NAME,
                                                  .required = true,
                                                  .offset = AT(context_source),
                                                  .example = "source: NAME of a git source"},
                                                 {.key = "path",
                                                  .kind = RB_FIELD_TEXT,
                                                  .offset = AT(model.context_path),
                                                  .read = rb_value_context_path,
                                                  .example = "path: docker/app"},
                                                 {.key = NULL}};

static const struct rb_field rebuild_fields[] = {{.key = "settle",
                                                  .kind = RB_FIELD_SPAN,
                                                  .offset = AT(model.settle_ms),
                                                  .least = "0s",
                                                  .most = "1d",
                                                  .example = "settle: 2m"},
                                                 {.key = "at-most",
                                                  .kind = RB_FIELD_SPAN,
                                                  .offset = AT(model.at_most_ms),
                                                  .least = "1s",
                                                  .most = "30d",
                                                  .example = "at-most: 30m"},
                                                 {.key = "retry-unresolved",
                                                  .kind = RB_FIELD_SPAN,
                                                  .offset = AT(model.retry_unresolved_ms),
                                                  .least = "1s",
                                                  .most = "365d",
                                                  .example = "retry-unresolved: 7d"},
                                                 {.key = "on",
                                                  .kind = RB_FIELD_TEXT,
                                                  .offset = AT(model.rebuild_on),
                                                  .read = rb_value_rebuild_on,
                                                  .example = "on: advisory"},
                                                 {.key = NULL}};

const struct rb_field rb_image_fields[] = {
    {.key = "kind",
     .kind = RB_FIELD_TEXT,
     .offset = AT(kind),
     .read = rb_value_image_kind,
     .example = "kind: container"},
    {.key = "from",
     .kind = RB_FIELD_NAME,
     .required = true,
     .offset = AT(from),
     .example = "from: NAME of an image source or of another image"},
    {.key = "context",
     .kind = RB_FIELD_BLOCK,
     .required = true,
     .block = context_fields,
     .example = "context: { source: NAME of a git source, path: FOLDER }"},
    {.key = "file",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.recipe_file),
     .read = rb_value_recipe_file,
     .example = "file: Containerfile"},
    {.key = "builder",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.builder),
     .read = rb_value_builder,
     .example = "builder: buildah"},
    {.key = "packages",
     .kind = RB_FIELD_NAMES,
     .offset = AT(packages),
     .example = "packages: [NAME of a source of kind apt, rpm, apk, pypi or npm]"},
    {.key = "arguments",
     .kind = RB_FIELD_PAIRS,
     .offset = AT(arguments),
     .read = rb_value_argument,
     .example = "arguments: { NAME: value }"},
    {.key = "push",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(model.push),
     .read = rb_value_push,
     .example = "push: registry.example.com/shop/app"},
    {.key = "timeout",
     .kind = RB_FIELD_SPAN,
     .offset = AT(model.timeout_ms),
     .least = "1s",
     .most = "7d",
     .example = "timeout: 30m"},
    {.key = "rebuild",
     .kind = RB_FIELD_BLOCK,
     .block = rebuild_fields,
     .example = "rebuild: { settle: 2m, at-most: 30m, on: advisory }"},
    {.key = NULL}};

/* One image while its references are looked up. */
struct lookup {
    const struct rb_decode *decode;
    const struct rb_source_list *sources;
    const char *subject;
};

static const char *did_you_mean(const struct lookup *lookup, const char *text,
                                const struct rb_names *names, const char *otherwise)
{
    const char *nearest =
        rb_report_is_full(lookup->decode->report) ? NULL : rb_text_nearest(text, names->texts);
    return nearest == NULL
               ? otherwise
               : rb_arena_printf(lookup->decode->arena, "did you mean \"%s\"?", nearest);
}

/* The source of one of the kinds (bits 1 << kind) that a node names: NULL when there is none, and
   that is reported. */
static const struct rb_source *find_source(const struct lookup *lookup, const struct rb_node *node,
                                           const char *key, unsigned kinds, const char *otherwise)
{
    struct rb_report *report = lookup->decode->report;
    const char *shown = rb_report_quote(lookup->decode->arena, node->text);
    const struct rb_source *source = rb_names_find(&lookup->sources->names, node->text);
    if (source == NULL)
        rb_report_add(report, node->mark,
                      did_you_mean(lookup, node->text, &lookup->sources->names, otherwise),
                      "%s: \"%s\" names %s, and there is no such source", lookup->subject, key,
                      shown);
    else if ((kinds & (1U << source->kind)) == 0)
        rb_report_add(report, node->mark, otherwise, "%s: \"%s\" names %s, a source of kind %s",
                      lookup->subject, key, shown, rb_source_kind_name(source->kind));
    else
        return source;
    return NULL;
}

static void resolve_from(const struct lookup *lookup, const struct rb_image_list *images,
                         struct rb_image_draft *draft)
{
    static const char otherwise[] = "write the name of an image source or of another image";
    const char *text = draft->from->text;
    draft->base = rb_names_find(&images->names, text);
    if (draft->base != NULL)
        return;
    if (rb_names_find(&lookup->sources->names, text) != NULL) {
        draft->model.from_source =
            find_source(lookup, draft->from, "from", 1U << RB_SOURCE_IMAGE, otherwise);
        return;
    }
    const char *hint = did_you_mean(lookup, text, &images->names, NULL);
    if (hint == NULL)
        hint = did_you_mean(lookup, text, &lookup->sources->names, otherwise);
    rb_report_add(lookup->decode->report, draft->from->mark, hint,
                  "%s: \"from\" names %s, and there is no such source or image", lookup->subject,
                  rb_report_quote(lookup->decode->arena, text));
}

/* What packages come from. */
enum {
    REPOSITORIES = 1U << RB_SOURCE_APT | 1U << RB_SOURCE_RPM | 1U << RB_SOURCE_APK |
                   1U << RB_SOURCE_PYPI | 1U << RB_SOURCE_NPM
};

static void resolve_packages(const struct lookup *lookup, struct rb_image_draft *draft)
{
    size_t count = 0, wanted = draft->packages == NULL ? 0 : draft->packages->count;
    const struct rb_source **found =
        rb_arena_array(lookup->decode->arena, wanted + 1, sizeof(struct rb_source *));
    for (size_t i = 0; i < wanted; i++) {
        const struct rb_node *node = draft->packages->items[i];
        const struct rb_source *source =
            find_source(lookup, node, "packages", REPOSITORIES,
                        "write the names of sources of kind apt, rpm, apk, pypi or npm");
        bool again = false;
        for (size_t j = 0; j < count; j++)
            again = again || found[j] == source;
        if (again)
            rb_report_add(lookup->decode->report, node->mark, "keep one of the two",
                          "%s: packages %s stands here again", lookup->subject,
                          rb_report_quote(lookup->decode->arena, source->name));
        else if (source != NULL)
            found[count++] = source;
    }
    draft->model.packages = found;
}

static void resolve(const struct rb_decode *decode, const struct rb_source_list *sources,
                    const struct rb_image_list *images, struct rb_image_draft *draft)
{
    struct lookup lookup = {.decode = decode,
                            .sources = sources,
                            .subject =
                                rb_arena_printf(decode->arena, "image %s",
                                                rb_report_quote(decode->arena, draft->model.name))};
    if (draft->from != NULL)
        resolve_from(&lookup, images, draft);
    if (draft->context_source != NULL)
        draft->model.context_source =
            find_source(&lookup, draft->context_source, "context", 1U << RB_SOURCE_GIT,
                        "write the name of a git source");
    resolve_packages(&lookup, draft);
    if (draft->model.context_source != NULL && !rb_code_paths_find(decode->arena, &draft->model))
        rb_report_add(decode->report, draft->mark,
                      "write a path of the source's, or drop its paths",
                      "%s: its context %s lies outside of the paths of source %s", lookup.subject,
                      rb_report_quote(decode->arena, draft->model.context_path),
                      rb_report_quote(decode->arena, draft->model.context_source->name));
    if (*draft->model.name != '\0' && rb_names_find(&sources->names, draft->model.name) != NULL)
        rb_report_add(decode->report, draft->mark, "give one of the two another name",
                      "%s: a source has this name too", lookup.subject);
}

enum { SETTLES_AT_MOST = 10 /* times its quiet time, unless said */ };

static void read_image(const struct rb_decode *decode, const struct rb_pair *pair,
                       struct rb_image_draft *draft)
{
    struct rb_mark mark = pair->key->mark;
    *draft =
        (struct rb_image_draft){.mark = mark,
                                .model = {.name = rb_item_name(decode, pair->key, "image"),
                                          .place = {decode->report->file, mark.line, mark.column},
                                          .context_path = ".",
                                          .recipe_file = "Containerfile",
                                          .builder = "buildah",
                                          .rebuild_on = RB_REBUILD_ON_PACKAGE,
                                          .timeout_ms = TIMEOUT_MS}};
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "images", pair->key->text,
                          "NAME: { from: NAME, context: { source: NAME }, push: REGISTRY/NAME }"))
        return;
    rb_decode_block(
        decode, pair->value, mark,
        rb_arena_printf(decode->arena, "image %s", rb_report_quote(decode->arena, pair->key->text)),
        rb_image_fields, draft);
    draft->model.arguments = draft->arguments.items;
    draft->model.argument_count = draft->arguments.count;
    if (draft->model.at_most_ms == 0)
        draft->model.at_most_ms = SETTLES_AT_MOST * draft->model.settle_ms;
}

static int compare_push(const void *a, const void *b)
{
    const struct rb_image_draft *const *left = a, *const *right = b;
    int order = strcmp((*left)->model.push, (*right)->model.push);
    return order != 0 ? order : *left < *right ? -1 : *left > *right;
}

/* Two images of one name in a registry would overwrite each other for ever. */
static void check_pushes(const struct rb_decode *decode, const struct rb_image_list *list)
{
    RB_CLEANUP_FREE const struct rb_image_draft **sorted =
        rb_calloc(list->count, sizeof(struct rb_image_draft *));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].model.push != NULL)
            sorted[count++] = &list->items[i];
    }
    qsort(sorted, count, sizeof(struct rb_image_draft *), compare_push);
    for (size_t i = 1; i < count; i++) {
        if (rb_text_equal(sorted[i - 1]->model.push, sorted[i]->model.push))
            rb_report_add(decode->report, sorted[i]->mark, "give each image a name of its own",
                          "image %s: pushes to %s, as image %s does",
                          rb_report_quote(decode->arena, sorted[i]->model.name),
                          sorted[i]->model.push,
                          rb_report_quote(decode->arena, sorted[i - 1]->model.name));
    }
}

struct rb_image_list rb_images_read(const struct rb_decode *decode, const struct rb_node *items,
                                    const struct rb_source_list *sources)
{
    struct rb_image_list list = {.count = items == NULL ? 0 : items->count};
    list.items = rb_arena_array(decode->arena, list.count, sizeof(*list.items));
    for (size_t i = 0; i < list.count; i++)
        read_image(decode, &items->pairs[i], &list.items[i]);
    list.names =
        rb_names_of(decode->arena, list.items, list.count, sizeof(*list.items), AT(model.name));
    for (size_t i = 0; i < list.count; i++)
        resolve(decode, sources, &list, &list.items[i]);
    check_pushes(decode, &list);
    return list;
}
