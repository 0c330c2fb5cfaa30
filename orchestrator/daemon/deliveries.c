/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What webhooks set off: the sources that they name are checked.
 *
 *   proven ──▶ stored ──▶ noted ──(a moment, from the first on)──▶ due in the store, served ──▶
 * checked
 *
 * The moment makes one check of many webhooks, and never grows: a stream of them delays none. What
 * was stored and not served when the engine ended is noted again at its start.
 */
#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/store/events.h"

enum { MOMENT_MS = 1000, AFTER_ERROR_MS = 5000, NAMES_SHOWN = 20 };

static void fill_directory(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        const struct engine_pipeline *pipeline = &engine->pipelines[i];
        for (size_t k = 0; k < pipeline->model->source_count; k++) {
            const struct rb_source *model = &pipeline->model->sources[k];
            rb_strlist_addf(&engine->hook_names, "%s/%s", pipeline->model->name, model->name);
            rb_hook_directory_add(engine->directory,
                                  engine->hook_names.items[engine->hook_names.count - 1], model,
                                  (size_t)pipeline->bound[k]->id);
        }
    }
}

/* sources: ids. Between a webhook that names them and its storing they may be loaded anew. */
static void note(struct rb_engine *engine, const size_t *sources, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        struct engine_source *source = engine_source_by_id(engine, (int64_t)sources[i]);
        if (source != NULL)
            source->hooked = true;
    }
    if (id > engine->hooked_up_to)
        engine->hooked_up_to = id;
    engine->hooked_count += count > 0;
    if (engine->hook_timer_runs)
        return;
    engine->hook_timer_runs = true;
    rb_timer_start(engine->hook_timer, MOMENT_MS, 0);
}

static size_t find_sources(struct rb_engine *engine, const struct rb_hook_news *news,
                           const char *const *globs, struct rb_arena *arena, size_t **ret_sources,
                           const char ***ret_names)
{
    struct rb_hook_match *matches;
    size_t count = rb_hook_directory_find(engine->directory, news, globs, arena, &matches);
    *ret_sources = rb_arena_array(arena, count, sizeof(size_t));
    *ret_names = rb_arena_array(arena, count, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        (*ret_sources)[i] = matches[i].number;
        (*ret_names)[i] = matches[i].name;
    }
    return count;
}

void rb_engine_match_hook(struct rb_engine *engine, const struct rb_hook_settings *hook,
                          const struct rb_hook_news *news, struct rb_arena *arena,
                          struct rb_accepted_hook *ret_hook)
{
    size_t *sources;
    const char **names;
    ret_hook->source_count = find_sources(engine, news, hook->sources, arena, &sources, &names);
    ret_hook->sources = sources;
    ret_hook->source_names = names;
}

int rb_engine_accept_hooks(struct rb_engine *engine, struct rb_accepted_hook *const *hooks,
                           size_t count, struct rb_err *err)
{
    struct rb_delivery **rows = rb_calloc(count, sizeof(*rows));
    for (size_t i = 0; i < count; i++)
        rows[i] = &hooks[i]->row;
    int status = rb_store_add_deliveries(engine->store, rows, count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rows[i]->id != 0)
            note(engine, hooks[i]->sources, hooks[i]->source_count, rows[i]->id);
    }
    rb_free(rows);
    return status;
}

static int add_event(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *data = rb_json_object();
    json_t *names = rb_json_array();
    rb_json_set(data, "sources", names);
    rb_json_set_integer(data, "deliveries", engine->hooked_count);
    for (size_t i = 0; i < engine->source_count; i++) {
        if (engine->sources[i].hooked && json_array_size(names) < NAMES_SHOWN)
            rb_json_append_string(names, engine->sources[i].name);
    }
    if (json_array_size(names) == 0)
        return 0;
    return rb_store_add_event(engine->store, "rebaked", "hook.accepted", "hooks", data, err);
}

/* That they are due is in the store with the mark that the deliveries were served: one of the two
   is left to do after any end. */
static int record(struct rb_engine *engine, struct rb_err *err)
{
    engine_record_checks(engine); /* none of them may overwrite what is recorded now */
    int status = rb_store_begin(engine->store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < engine->source_count; i++) {
        if (engine->sources[i].hooked)
            status = rb_store_set_next_check(engine->store, engine->sources[i].id, 0, err);
    }
    if (status == 0)
        status = add_event(engine, err);
    if (status == 0)
        status = rb_store_serve_deliveries(engine->store, engine->hooked_up_to, err);
    if (status == 0)
        return rb_store_commit(engine->store, err);
    rb_store_rollback(engine->store);
    return status;
}

void engine_serve_hooks(struct rb_engine *engine)
{
    struct rb_err err;
    if (record(engine, &err) != 0) {
        rb_log(RB_LOG_ERROR, "webhooks could not be served; trying again", "error", err.text, NULL);
        rb_timer_start(engine->hook_timer, AFTER_ERROR_MS, 0);
        return;
    }
    engine->hook_timer_runs = false;
    engine->hooked_count = 0;
    for (size_t i = 0; i < engine->source_count; i++) {
        if (engine->sources[i].hooked)
            engine_check_soon(&engine->sources[i]);
        engine->sources[i].hooked = false;
    }
}

/* What was stored by an engine that ended, or noted for sources that were loaded again since. */
static int note_open(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_delivery *rows;
    size_t count;
    int status = rb_store_open_deliveries(engine->store, arena, &rows, &count, err);
    engine->hooked_count = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct rb_hook_news news = {0};
        size_t *sources;
        const char **names;
        status = rb_hook_things_read(rows[i].things, arena, &news, err);
        if (status != 0 || rows[i].matched == 0)
            news.count = 0;
        size_t found = find_sources(engine, &news, NULL, arena, &sources, &names);
        note(engine, sources, found, rows[i].id);
    }
    return status;
}

int engine_load_hooks(struct rb_engine *engine, struct rb_err *err)
{
    engine_unload_hooks(engine);
    engine->directory = rb_hook_directory_new();
    fill_directory(engine);
    return note_open(engine, err);
}

void engine_unload_hooks(struct rb_engine *engine)
{
    rb_hook_directory_free(engine->directory);
    engine->directory = NULL;
    rb_strlist_deinit(&engine->hook_names);
}
