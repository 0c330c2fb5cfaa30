/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { HEALTH_WITHIN_MS = 30 * 1000, OBSERVE_EVERY_MS = 5 * 60 * 1000 };

struct draft {
    struct rb_deployment model;
    struct rb_mark mark;
    const struct rb_node *images;
    struct rb_pairs environment;
};

#define AT(member) offsetof(struct draft, member)

static const struct rb_field podman_fields[] = {
    {.key = "container",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.podman.container),
     .read = rb_value_container,
     .example = "container: shop"},
    {.key = "network",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.podman.network),
     .read = rb_value_network,
     .example = "network: host"},
    {.key = "ports",
     .kind = RB_FIELD_SET,
     .offset = AT(model.podman.ports),
     .read = rb_value_port,
     .example = "ports: [\"8080:80\"]"},
    {.key = "environment",
     .kind = RB_FIELD_PAIRS,
     .offset = AT(environment),
     .read = rb_value_argument,
     .example = "environment: { NAME: value }"},
    {.key = "volumes",
     .kind = RB_FIELD_SET,
     .offset = AT(model.podman.volumes),
     .read = rb_value_volume,
     .example = "volumes: [\"data:/var/lib/data\"]"},
    {.key = "command",
     .kind = RB_FIELD_WORDS,
     .offset = AT(model.podman.command),
     .read = rb_value_any,
     .example = "command: [\"/usr/bin/shop\", \"--serve\"]"},
    {.key = "read-only",
     .kind = RB_FIELD_BOOL,
     .offset = AT(model.podman.read_only),
     .example = "read-only: true"},
    {.key = "drop",
     .kind = RB_FIELD_SET,
     .offset = AT(model.podman.drop),
     .read = rb_value_capability,
     .example = "drop: [all]"},
    {.key = "add",
     .kind = RB_FIELD_SET,
     .offset = AT(model.podman.add),
     .read = rb_value_capability,
     .example = "add: [net_bind_service]"},
    {.key = NULL}};

static const struct rb_field target_fields[] = {{.key = "podman",
                                                 .kind = RB_FIELD_BLOCK,
                                                 .required = true,
                                                 .block = podman_fields,
                                                 .example = "podman: {}"},
                                                {.key = NULL}};

static const struct rb_field health_fields[] = {{.key = "command",
                                                 .kind = RB_FIELD_WORDS,
                                                 .required = true,
                                                 .offset = AT(model.health_command),
                                                 .read = rb_value_any,
                                                 .example = "command: [\"/bin/true\"]"},
                                                {.key = "within",
                                                 .kind = RB_FIELD_SPAN,
                                                 .offset = AT(model.health_within_ms),
                                                 .least = "1s",
                                                 .most = "1h",
                                                 .example = "within: 30s"},
                                                {.key = NULL}};

static const struct rb_field observe_fields[] = {
    {.key = "every",
     .kind = RB_FIELD_SPAN,
     .offset = AT(model.observe_every_ms),
     .least = "1s",
     .most = "30d",
     .example = "every: 5m"},
    {.key = "heal", .kind = RB_FIELD_BOOL, .offset = AT(model.heal), .example = "heal: true"},
    {.key = "ignore",
     .kind = RB_FIELD_SET,
     .offset = AT(model.ignore),
     .read = rb_value_path_glob,
     .example = "ignore: [\"/var/log/**\"]"},
    {.key = NULL}};

const struct rb_field rb_deployment_fields[] = {{.key = "images",
                                                 .kind = RB_FIELD_NAMES,
                                                 .required = true,
                                                 .offset = AT(images),
                                                 .example = "images: [NAME of an image]"},
                                                {.key = "target",
                                                 .kind = RB_FIELD_BLOCK,
                                                 .required = true,
                                                 .block = target_fields,
                                                 .example = "target: { podman: {} }"},
                                                {.key = "health",
                                                 .kind = RB_FIELD_BLOCK,
                                                 .block = health_fields,
                                                 .example = "health: { command: [\"/bin/true\"] }"},
                                                {.key = "observe",
                                                 .kind = RB_FIELD_BLOCK,
                                                 .block = observe_fields,
                                                 .example = "observe: { every: 5m, heal: true }"},
                                                {.key = NULL}};

static void resolve_image(const struct rb_decode *decode, const char *subject,
                          const struct rb_image_list *images, struct draft *draft)
{
    const struct rb_node *node = draft->images->items[0];
    if (draft->images->count > 1) {
        rb_report_add(
            decode->report, draft->images->items[1]->mark, "make a deployment of each image",
            "%s: \"images\" has more than the one image that a podman target takes", subject);
        return;
    }
    const struct rb_image_draft *image = rb_names_find(&images->names, node->text);
    if (image != NULL) {
        draft->model.image = image->ordered;
        return;
    }
    const char *nearest =
        rb_report_is_full(decode->report) ? NULL : rb_text_nearest(node->text, images->names.texts);
    rb_report_add(decode->report, node->mark,
                  nearest == NULL ? "write the name of an image of this file"
                                  : rb_arena_printf(decode->arena, "did you mean \"%s\"?", nearest),
                  "%s: \"images\" names %s, and there is no such image", subject,
                  rb_report_quote(decode->arena, node->text));
}

static const char *const *environment_of(struct rb_arena *arena, const struct rb_pairs *pairs)
{
    const char **texts = rb_arena_array(arena, pairs->count + 1, sizeof(char *));
    for (size_t i = 0; i < pairs->count; i++)
        texts[i] = rb_arena_printf(arena, "%s=%s", pairs->items[i].name, pairs->items[i].value);
    return texts;
}

static void fill_defaults(struct rb_arena *arena, const char *pipeline, struct rb_deployment *model)
{
    static const char *const all[] = {"all", NULL};
    static const char *const none[] = {NULL};
    *model = (struct rb_deployment){.health_within_ms = HEALTH_WITHIN_MS,
                                    .observe_every_ms = OBSERVE_EVERY_MS,
                                    .heal = true,
                                    .ignore = none,
                                    .name = model->name,
                                    .place = model->place,
                                    .podman = {.ports = none,
                                               .environment = none,
                                               .volumes = none,
                                               .command = none,
                                               .drop = all,
                                               .add = none}};
    model->podman.container = rb_arena_printf(arena, "%s-%s", pipeline, model->name);
}

static void read_deployment(const struct rb_decode *decode, const struct rb_pair *pair,
                            const char *pipeline, const struct rb_image_list *images,
                            struct draft *draft)
{
    draft->mark = pair->key->mark;
    draft->model.name = rb_item_name(decode, pair->key, "deployment");
    draft->model.place =
        (struct rb_place){decode->report->file, draft->mark.line, draft->mark.column};
    fill_defaults(decode->arena, pipeline, &draft->model);
    const char *subject = rb_arena_printf(decode->arena, "deployment %s",
                                          rb_report_quote(decode->arena, pair->key->text));
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "deploy", pair->key->text,
                          "NAME: { images: [NAME], target: { podman: {} } }"))
        return;
    rb_decode_block(decode, pair->value, draft->mark, subject, rb_deployment_fields, draft);
    if (draft->images != NULL)
        resolve_image(decode, subject, images, draft);
    struct rb_podman_target *podman = &draft->model.podman;
    podman->environment = environment_of(decode->arena, &draft->environment);
    if (podman->ports[0] != NULL && rb_text_equal(podman->network, "host"))
        rb_report_add(decode->report, draft->mark, "remove \"ports\"",
                      "%s: with the network of the host no port can be published", subject);
}

static void check_containers(const struct rb_decode *decode, const struct draft *drafts,
                             size_t count)
{
    struct rb_names names =
        rb_names_of(decode->arena, drafts, count, sizeof(*drafts), AT(model.podman.container));
    for (size_t i = 1; i < count; i++) {
        const struct draft *first = names.things[i - 1], *second = names.things[i];
        if (!rb_text_equal(names.texts[i - 1], names.texts[i]))
            continue;
        if (first > second) {
            first = second;
            second = names.things[i - 1];
        }
        rb_report_add(decode->report, second->mark, "give one of them another container",
                      "deployment %s: runs as container %s, as deployment %s does",
                      rb_report_quote(decode->arena, second->model.name),
                      rb_report_quote(decode->arena, second->model.podman.container),
                      rb_report_quote(decode->arena, first->model.name));
    }
}

struct rb_deployment *rb_deployments_read(const struct rb_decode *decode,
                                          const struct rb_node *items, const char *pipeline,
                                          const struct rb_image_list *images, size_t *ret_count)
{
    size_t count = items == NULL ? 0 : items->count;
    struct draft *drafts = rb_arena_array(decode->arena, count, sizeof(*drafts));
    struct rb_deployment *models = rb_arena_array(decode->arena, count, sizeof(*models));
    for (size_t i = 0; i < count; i++)
        read_deployment(decode, &items->pairs[i], pipeline, images, &drafts[i]);
    check_containers(decode, drafts, count);
    for (size_t i = 0; i < count; i++)
        models[i] = drafts[i].model;
    *ret_count = count;
    return models;
}
