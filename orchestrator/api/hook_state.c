/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_state.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { TOKEN = 1000 };

void hook_states_deinit(struct hook_states *states)
{
    rb_free(states->items);
    *states = (struct hook_states){0};
}

/* The old settings may be gone by now: the names are compared before. */
static void inherit(struct hook_state *state, const struct hook_states *old)
{
    for (size_t i = 0; i < old->count; i++) {
        const struct hook_state *item = &old->items[i];
        if (!rb_text_equal(item->settings->name, state->settings->name) ||
            item->settings->provider != state->settings->provider)
            continue;
        const struct rb_hook_settings *settings = state->settings;
        *state = *item;
        state->settings = settings;
        if (state->tokens > settings->rate_count * TOKEN)
            state->tokens = settings->rate_count * TOKEN;
    }
}

void hook_states_load(struct hook_states *states, const struct rb_settings *settings)
{
    struct hook_states fresh = {.count = settings->hook_count, .unknown = states->unknown};
    fresh.items = rb_calloc(fresh.count, sizeof(*fresh.items));
    for (size_t i = 0; i < fresh.count; i++) {
        struct hook_state *state = &fresh.items[i];
        state->settings = &settings->hooks[i];
        state->tokens = state->settings->rate_count * TOKEN;
        state->has_secret = true;
        inherit(state, states);
    }
    hook_states_deinit(states);
    *states = fresh;
}

struct hook_state *hook_states_find(const struct hook_states *states, const char *path)
{
    static const char prefix[] = "/hooks/";
    if (!rb_text_starts_with(path, prefix))
        return NULL;
    path += strlen(prefix);
    const char *name = strchr(path, '/');
    if (name == NULL)
        return NULL;
    size_t provider_size = (size_t)(name - path);
    for (size_t i = 0; i < states->count; i++) {
        const struct rb_hook_settings *settings = states->items[i].settings;
        const char *provider = rb_hook_provider_name(settings->provider);
        if (strcmp(settings->name, name + 1) == 0 && strlen(provider) == provider_size &&
            memcmp(provider, path, provider_size) == 0)
            return &states->items[i];
    }
    return NULL;
}

/* A bucket that holds rate_count and is filled again in each rate_ms. */
bool hook_state_may(struct hook_state *state, int64_t now_ms)
{
    const struct rb_hook_settings *settings = state->settings;
    int64_t full = settings->rate_count * TOKEN, passed_ms = now_ms - state->filled_ms;
    if (passed_ms >= settings->rate_ms) {
        state->tokens = full;
        state->filled_ms = now_ms;
    } else if (passed_ms > 0) {
        int64_t more = full * passed_ms / settings->rate_ms;
        state->tokens = state->tokens + more > full ? full : state->tokens + more;
        state->filled_ms = more > 0 ? now_ms : state->filled_ms;
    }
    if (state->tokens < TOKEN)
        return false;
    state->tokens -= TOKEN;
    return true;
}

static json_t *counts_json(const struct hook_state *state)
{
    json_t *refused = rb_json_object();
    for (int i = RB_HOOK_REPLAYED; i < RB_HOOK_OUTCOMES; i++) {
        if (i != RB_HOOK_UNKNOWN)
            rb_json_set_integer(refused, rb_hook_outcome_name((enum rb_hook_outcome)i),
                                state->counts[i]);
    }
    return refused;
}

/* What a delivery named: by the names of the sources where there were any. */
static json_t *things_json(const struct rb_delivery *last)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_hook_news news = {0};
    json_t *array = rb_json_array();
    if (rb_hook_things_read(last->things, arena, &news, NULL) != 0)
        return array;
    for (size_t i = 0; i < news.count; i++)
        rb_json_append_string(array, news.things[i].where);
    return array;
}

static json_t *last_json(const struct rb_delivery *last)
{
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", last->id);
    rb_json_set_time(json, "at", last->received_at);
    rb_json_set_string(json, "senderId", last->sender_id);
    rb_json_set_integer(json, "matched", last->matched);
    rb_json_set(json, "named", things_json(last));
    return json;
}

json_t *hook_states_json(const struct hook_states *states, const struct rb_delivery *last,
                         size_t last_count)
{
    json_t *array = rb_json_array();
    for (size_t i = 0; i < states->count; i++) {
        const struct hook_state *state = &states->items[i];
        const struct rb_hook_settings *settings = state->settings;
        json_t *json = rb_json_object(), *newest = json_null();
        for (size_t k = 0; k < last_count; k++) {
            if (rb_text_equal(last[k].hook, settings->name))
                newest = last_json(&last[k]);
        }
        rb_json_set_string(json, "name", settings->name);
        rb_json_set_string(json, "provider", rb_hook_provider_name(settings->provider));
        rb_json_set_integer(json, "accepted", state->counts[RB_HOOK_ACCEPTED]);
        rb_json_set(json, "refused", counts_json(state));
        rb_json_set(json, "last", newest);
        rb_json_append(array, json);
    }
    return array;
}
