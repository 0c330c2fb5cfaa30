/* SPDX-License-Identifier: Apache-2.0 */
#include "webhooks.h"

#include "rebake/base/memory.h"

static void match(void *context, const struct rb_hook_settings *hook,
                  const struct rb_hook_news *news, struct rb_arena *arena,
                  struct rb_accepted_hook *ret_hook)
{
    const struct webhooks *webhooks = context;
    rb_engine_match_hook(webhooks->engine, hook, news, arena, ret_hook);
}

static int store(void *context, struct rb_accepted_hook *const *hooks, size_t count,
                 struct rb_err *err)
{
    const struct webhooks *webhooks = context;
    return rb_engine_accept_hooks(webhooks->engine, hooks, count, err);
}

static int read_settings(const char *path, struct rb_strbuf *diagnostics_text,
                         struct rb_settings **ret_settings, struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    int status = rb_settings_read(path, ret_settings, &diagnostics, err);
    if (status != 0)
        rb_diagnostics_print(&diagnostics, diagnostics_text);
    return status;
}

int webhooks_start(struct webhooks *webhooks, struct rb_strbuf *diagnostics, struct rb_err *err)
{
    if (webhooks->settings_path == NULL)
        return 0;
    int status = read_settings(webhooks->settings_path, diagnostics, &webhooks->settings, err);
    if (status == 0)
        rb_engine_set_cost(webhooks->engine, webhooks->settings->cost_per_minute);
    if (status != 0 || webhooks->settings->listen.address == NULL)
        return status;
    const struct rb_hooks_options options = {.loop = webhooks->loop,
                                             .clock = &rb_clock_system,
                                             .settings = webhooks->settings,
                                             .context = webhooks,
                                             .match = match,
                                             .store = store};
    return rb_hooks_start(&options, &webhooks->hooks, err);
}

void webhooks_stop(struct webhooks *webhooks)
{
    rb_hooks_stop(webhooks->hooks);
    rb_settings_free(webhooks->settings);
    webhooks->hooks = NULL;
    webhooks->settings = NULL;
}

int webhooks_reload(struct webhooks *webhooks, struct rb_strbuf *diagnostics, struct rb_err *err)
{
    RB_CLEANUP(rb_settings_cleanup) struct rb_settings *fresh = NULL;
    if (webhooks->settings_path == NULL)
        return 0;
    int status = read_settings(webhooks->settings_path, diagnostics, &fresh, err);
    if (status == 0 && webhooks->hooks != NULL)
        status = rb_hooks_reload(webhooks->hooks, fresh, err);
    else if (status == 0 && fresh->listen.address != NULL)
        status = rb_err_set(err, RB_EINVALID, "%s: \"listen\" is new: restart rebaked to listen",
                            fresh->file);
    if (status != 0)
        return status;
    struct rb_settings *old = webhooks->settings;
    webhooks->settings = fresh;
    rb_engine_set_cost(webhooks->engine, fresh->cost_per_minute);
    fresh = old;
    return 0;
}

int webhooks_json(const struct webhooks *webhooks, json_t **ret_json, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_delivery *last;
    size_t count;
    if (webhooks->hooks == NULL) {
        *ret_json = rb_json_object();
        rb_json_set_string(*ret_json, "address", NULL);
        rb_json_set(*ret_json, "hooks", rb_json_array());
        return 0;
    }
    int status =
        rb_store_last_deliveries(rb_engine_store(webhooks->engine), arena, &last, &count, err);
    if (status == 0)
        *ret_json = rb_hooks_json(webhooks->hooks, last, count);
    return status;
}
