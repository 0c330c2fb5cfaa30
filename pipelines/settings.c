/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/pipelines/settings.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "model.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "settings_parts.h"

enum { COST_DIGITS_MAXIMUM = 9 }; /* on each side of the point */

struct owned {
    struct rb_settings model;
    struct rb_arena *arena;
};

struct draft {
    const char *api_version;
    const char *name;
    struct rb_listen_settings listen;
    const struct rb_node *hooks;
    const char *const *vex;
    const char *cost;
};

struct hook_draft {
    struct rb_hook_settings model;
    const char *provider;
    const char *rate;
};

#define AT(member)      offsetof(struct draft, member)
#define HOOK_AT(member) offsetof(struct hook_draft, member)

static const char *const providers[RB_HOOK_PROVIDERS + 1] = {
    [RB_HOOK_GITHUB] = "github",
    [RB_HOOK_GHCR] = "ghcr",
    [RB_HOOK_GITLAB] = "gitlab",
    [RB_HOOK_GITEA] = "gitea",
    [RB_HOOK_FORGEJO] = "forgejo",
    [RB_HOOK_BITBUCKET] = "bitbucket",
    [RB_HOOK_BITBUCKET_DC] = "bitbucket-dc",
    [RB_HOOK_DOCKERHUB] = "dockerhub",
    [RB_HOOK_QUAY] = "quay",
    [RB_HOOK_HARBOR] = "harbor",
    [RB_HOOK_DISTRIBUTION] = "distribution",
    [RB_HOOK_ACR] = "acr",
    [RB_HOOK_CLOUDEVENTS] = "cloudevents",
    [RB_HOOK_STANDARD] = "standard",
    [RB_HOOK_GENERIC] = "generic",
};

const char *rb_hook_provider_name(enum rb_hook_provider provider)
{
    return providers[provider];
}

static const char *read_provider(struct rb_arena *arena, const char *text,
                                 struct rb_complaint *complaint)
{
    const char *all = providers[0];
    for (size_t i = 0; providers[i] != NULL; i++) {
        if (rb_text_equal(providers[i], text))
            return text;
    }
    const char *nearest = rb_text_nearest(text, providers);
    for (size_t i = 1; providers[i] != NULL; i++)
        all = rb_arena_printf(arena, "%s, %s", all, providers[i]);
    return rb_value_refuse(complaint, "is not a sender of webhooks that this program knows",
                           nearest != NULL ? rb_arena_printf(arena, "did you mean \"%s\"?", nearest)
                                           : rb_arena_printf(arena, "known: %s", all));
}

static const char *read_cost(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    size_t part = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    (void)arena;
    if (whole > 0 && whole <= COST_DIGITS_MAXIMUM && part <= COST_DIGITS_MAXIMUM &&
        rest[part == 0 ? 0 : part + 1] == '\0')
        return text;
    return rb_value_refuse(complaint, "is not an amount of money", "write for example 0.05");
}

static const struct rb_field tls_fields[] = {{.key = "certificate",
                                              .kind = RB_FIELD_TEXT,
                                              .required = true,
                                              .offset = AT(listen.certificate),
                                              .read = rb_value_absolute_path,
                                              .example = "certificate: /etc/rebake/tls.crt"},
                                             {.key = "key",
                                              .kind = RB_FIELD_TEXT,
                                              .required = true,
                                              .offset = AT(listen.key),
                                              .read = rb_value_absolute_path,
                                              .example = "key: /etc/rebake/tls.key"},
                                             {.key = NULL}};

static const struct rb_field listen_fields[] = {
    {.key = "address",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(listen.address),
     .read = rb_value_listen_address,
     .example = "address: \"0.0.0.0:8443\""},
    {.key = "tls",
     .kind = RB_FIELD_BLOCK,
     .block = tls_fields,
     .example = "tls: { certificate: FILE, key: FILE }"},
    {.key = "proxies",
     .kind = RB_FIELD_SET,
     .offset = AT(listen.proxies),
     .read = rb_value_proxy,
     .example = "proxies: [127.0.0.1]"},
    {.key = NULL}};

const struct rb_field rb_settings_fields[] = {
    {.key = "apiVersion",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(api_version),
     .read = rb_value_api_version,
     .example = "apiVersion: rebake/v1"},
    {.key = "settings",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(name),
     .read = rb_value_name,
     .example = "settings: NAME"},
    {.key = "vex",
     .kind = RB_FIELD_SET,
     .offset = AT(vex),
     .read = rb_value_absolute_path,
     .example = "vex: [/etc/rebake/vex]"},
    {.key = "cost-per-minute",
     .kind = RB_FIELD_TEXT,
     .offset = AT(cost),
     .read = read_cost,
     .example = "cost-per-minute: 0.05"},
    {.key = "listen",
     .kind = RB_FIELD_BLOCK,
     .block = listen_fields,
     .example = "listen: { address: \"0.0.0.0:8443\", tls: { certificate: FILE, key: FILE } }"},
    {.key = "hooks",
     .kind = RB_FIELD_ITEMS,
     .offset = AT(hooks),
     .example = "hooks: { shop: { provider: github, secret: { secret: NAME } } }"},
    {.key = NULL}};

#define SECRET_TABLE(table, where)                                                                 \
    static const struct rb_field table[] = {{.key = "secret",                                      \
                                             .kind = RB_FIELD_TEXT,                                \
                                             .required = true,                                     \
                                             .offset = HOOK_AT(where),                             \
                                             .read = rb_value_name,                                \
                                             .example = "secret: NAME"},                           \
                                            {.key = NULL}}

SECRET_TABLE(secret_fields, model.secret);
SECRET_TABLE(previous_fields, model.previous_secret);

const struct rb_field rb_hook_fields[] = {{.key = "provider",
                                           .kind = RB_FIELD_TEXT,
                                           .required = true,
                                           .offset = HOOK_AT(provider),
                                           .read = read_provider,
                                           .example = "provider: github"},
                                          {.key = "secret",
                                           .kind = RB_FIELD_BLOCK,
                                           .required = true,
                                           .block = secret_fields,
                                           .example = "secret: { secret: NAME }"},
                                          {.key = "previous",
                                           .kind = RB_FIELD_BLOCK,
                                           .block = previous_fields,
                                           .example = "previous: { secret: NAME }"},
                                          {.key = "rate",
                                           .kind = RB_FIELD_TEXT,
                                           .offset = HOOK_AT(rate),
                                           .read = rb_value_rate,
                                           .example = "rate: 600/m"},
                                          {.key = "sources",
                                           .kind = RB_FIELD_SET,
                                           .offset = HOOK_AT(model.sources),
                                           .read = rb_value_source_glob,
                                           .example = "sources: [shop/code]"},
                                          {.key = "header",
                                           .kind = RB_FIELD_TEXT,
                                           .offset = HOOK_AT(model.header),
                                           .read = rb_value_header,
                                           .example = "header: X-Hub-Signature-256"},
                                          {.key = NULL}};

static enum rb_hook_provider provider_of(const char *text)
{
    size_t i = 0;
    while (i < RB_HOOK_GENERIC && !rb_text_equal(providers[i], text))
        i++;
    return (enum rb_hook_provider)i;
}

static void read_hook(const struct rb_decode *decode, const struct rb_pair *pair,
                      struct rb_hook_settings *hook)
{
    struct hook_draft draft = {.rate = "600/m"};
    draft.model.name = rb_item_name(decode, pair->key, "hook");
    const char *subject =
        rb_arena_printf(decode->arena, "hook %s", rb_report_quote(decode->arena, pair->key->text));
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "hooks", pair->key->text,
                          "NAME: { provider: github, secret: { secret: NAME } }"))
        return;
    rb_decode_block(decode, pair->value, pair->key->mark, subject, rb_hook_fields, &draft);
    draft.model.provider = provider_of(draft.provider);
    rb_rate_split(draft.rate, &draft.model.rate_count, &draft.model.rate_ms);
    if (draft.model.header != NULL && draft.provider != NULL &&
        draft.model.provider != RB_HOOK_GENERIC)
        rb_report_add(decode->report, pair->key->mark, "remove it, or write provider: generic",
                      "%s: \"header\" is for the provider generic: %s has its own", subject,
                      draft.provider);
    if (draft.model.header == NULL)
        draft.model.header = "X-Hub-Signature-256";
    *hook = draft.model;
}

static void check_listen(const struct rb_decode *decode, const struct rb_node *root)
{
    const struct rb_node *listen = rb_decode_find(root, "listen");
    const struct rb_node *hooks = rb_decode_find(root, "hooks");
    if (listen == NULL && hooks != NULL)
        rb_report_add(decode->report, hooks->mark, "write listen: { address: …, tls: … }",
                      "settings: hooks that nobody listens for");
    if (listen == NULL || listen->kind != RB_NODE_MAPPING)
        return;
    const struct rb_node *proxies = rb_decode_find(listen, "proxies");
    bool has_proxies = proxies != NULL && (proxies->kind != RB_NODE_SEQUENCE || proxies->count > 0);
    if (rb_decode_find(listen, "tls") == NULL && !has_proxies)
        rb_report_add(decode->report, listen->mark,
                      "write tls: { certificate: FILE, key: FILE }, or proxies: [ADDRESS] for who "
                      "may connect without",
                      "settings: listen: there is neither \"tls\" nor \"proxies\"");
}

static void build(const struct rb_decode *decode, const struct rb_node *root,
                  struct rb_settings *model)
{
    static const char *const none[] = {NULL};
    struct draft draft = {.name = "", .listen = {.proxies = none}};
    rb_decode_block(decode, root, root->mark, "settings", rb_settings_fields, &draft);
    check_listen(decode, root);
    size_t count = draft.hooks == NULL ? 0 : draft.hooks->count;
    struct rb_hook_settings *hooks = rb_arena_array(decode->arena, count, sizeof(*hooks));
    for (size_t i = 0; i < count; i++)
        read_hook(decode, &draft.hooks->pairs[i], &hooks[i]);
    model->name = draft.name;
    model->listen = draft.listen;
    model->hooks = hooks;
    model->hook_count = count;
    model->vex = draft.vex;
    model->cost_per_minute = draft.cost == NULL ? 0 : strtod(draft.cost, NULL);
}

int rb_settings_parse(const char *data, size_t size, const char *file,
                      struct rb_settings **ret_settings, struct rb_diagnostics *diagnostics,
                      struct rb_err *err)
{
    if (size > RB_TREE_BYTES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than %d bytes", file,
                          RB_TREE_BYTES_MAXIMUM);
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    owned->model.file = rb_arena_strdup(owned->arena, file);
    struct rb_report report = {.diagnostics = diagnostics, .file = owned->model.file};
    struct rb_decode decode = {.arena = owned->arena, .report = &report};
    const struct rb_node *root = rb_document_root(&decode, data, size, "a settings file");
    if (root != NULL)
        build(&decode, root, &owned->model);
    int status = rb_document_verdict(&report, err);
    if (status == 0)
        *ret_settings = &owned->model;
    else
        rb_settings_free(&owned->model);
    return status;
}

int rb_settings_read(const char *path, struct rb_settings **ret_settings,
                     struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, RB_TREE_BYTES_MAXIMUM, &data, &size, err);
    if (status != 0)
        return status;
    return rb_settings_parse(data, size, path, ret_settings, diagnostics, err);
}

bool rb_settings_are_in(const char *path)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    if (rb_file_read(path, RB_TREE_BYTES_MAXIMUM, &data, &size, NULL) != 0)
        return false;
    struct rb_report report = {.diagnostics = &diagnostics, .file = path};
    const struct rb_decode decode = {.arena = arena, .report = &report};
    const struct rb_node *root = rb_document_root(&decode, data, size, "a settings file");
    return root != NULL && rb_decode_find(root, "settings") != NULL &&
           rb_decode_find(root, "pipeline") == NULL;
}

void rb_settings_free(struct rb_settings *settings)
{
    if (settings == NULL)
        return;
    struct owned *owned = rb_container_of(settings, struct owned, model);
    rb_arena_free(owned->arena);
    rb_free(owned);
}

void rb_settings_cleanup(struct rb_settings **settings)
{
    rb_settings_free(*settings);
}
