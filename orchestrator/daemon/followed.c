/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipelines that sources of kind pipeline bring: files in a git repository, loaded beside those of
 * this machine.
 *
 *     a check finds a commit, all of whose files are good ──▶ they are kept ──▶ its version is
 *     recorded ──▶ in a turn of the loop of its own all tables are made anew, with these files
 *
 * A commit with a broken file is no version: what was loaded stays in force, and the source fails.
 * A good file may still be one that cannot be loaded here: its pipeline has the name of another, or
 * it was good for another release of ours. It alone is left out, and its source fails too.
 */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/followed.h"

enum { FAULT_MAXIMUM = 900 }; /* bytes: an error has room for it */

/* What one source has brought. */
struct engine_followed {
    const struct rb_source *model; /* of a local pipeline */
    char identity[RB_SHA256_HEX_SIZE];
    char *name;  /* "control/fleet" */
    char *tree;  /* whose files were read; NULL: none are there */
    char *fault; /* what was left out, and why; NULL: nothing */
};

static void add_fault(struct engine_followed *followed, const struct rb_err *err)
{
    rb_log(RB_LOG_ERROR, "a pipeline file that is followed is left out", "source", followed->name,
           "error", err->text, NULL);
    if (followed->fault == NULL)
        followed->fault = rb_asprintf("%.*s", FAULT_MAXIMUM, err->text);
}

static const struct rb_pipeline *find_pipeline(const struct engine_loading *loading,
                                               const char *name)
{
    for (size_t i = 0; i < loading->count; i++) {
        if (rb_text_equal(loading->pipelines[i].model->name, name))
            return loading->pipelines[i].model;
    }
    return NULL;
}

static int read_file(const struct engine_loading *loading, const struct engine_followed *followed,
                     const char *path, struct rb_pipeline **ret_pipeline, struct rb_err *err)
{
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    RB_CLEANUP_FREE char *data = NULL;
    RB_CLEANUP_FREE char *shown = rb_asprintf("%s:%s", followed->name, strrchr(path, '/') + 1);
    size_t size = 0;
    int status = rb_file_read(path, RB_FOLLOWED_FILE_MAXIMUM, &data, &size, err);
    if (status == 0)
        status = rb_followed_parse(data, size, shown, &pipeline, err);
    if (status != 0)
        return status;
    const struct rb_pipeline *other = find_pipeline(loading, pipeline->name);
    if (other != NULL)
        return rb_err_set(err, RB_EINVALID, "%.300s: pipeline \"%s\" is already defined in %.300s",
                          shown, pipeline->name, other->file);
    struct engine_pipeline loaded = {.model = pipeline, .folder = engine_folder_of(path)};
    status = engine_check_policy(&loaded, NULL, err);
    rb_free(loaded.folder);
    if (status == 0)
        *ret_pipeline = rb_steal(&pipeline);
    return status;
}

static void read_files(struct engine_loading *loading, struct engine_followed *followed,
                       const struct rb_strlist *files)
{
    loading->pipelines = rb_reallocarray(loading->pipelines, loading->count + files->count,
                                         sizeof(*loading->pipelines));
    for (size_t i = 0; i < files->count; i++) {
        struct rb_err err;
        struct rb_pipeline *pipeline = NULL;
        if (read_file(loading, followed, files->items[i], &pipeline, &err) == 0)
            loading->pipelines[loading->count++] =
                (struct engine_pipeline){.model = pipeline,
                                         .is_followed = true,
                                         .folder = engine_folder_of(files->items[i])};
        else
            add_fault(followed, &err);
    }
}

/* The tree of the version that is recorded; NULL: none is. The caller frees it. */
static int find_tree(struct rb_engine *engine, const struct engine_followed *followed,
                     char **ret_tree, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *detail = NULL;
    struct rb_source_row row;
    int status = rb_store_source_by_identity(engine->store, followed->identity, arena, &row, err);
    if (status == 0 && row.version_detail != NULL)
        status = rb_json_parse(row.version_detail, strlen(row.version_detail),
                               "version of a source", &detail, err);
    if (status == 0 && detail != NULL)
        *ret_tree = rb_strdup(rb_followed_tree(followed->model, detail));
    return status == RB_ENOTFOUND ? 0 : status;
}

static int read_source(struct rb_engine *engine, struct engine_loading *loading,
                       struct engine_followed *followed, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist files = {0};
    RB_CLEANUP_FREE char *tree = NULL;
    struct rb_err one;
    int status = find_tree(engine, followed, &tree, err);
    if (status != 0 || tree == NULL)
        return status;
    RB_CLEANUP_FREE char *folder = rb_followed_folder(engine->pipelines_folder, followed->model);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, tree);
    if (engine_list_folder(path, &files, &one) != 0) {
        add_fault(followed, &one);
        return 0;
    }
    rb_strlist_sort(&files);
    followed->tree = rb_steal(&tree);
    read_files(loading, followed, &files);
    return 0;
}

/* Several pipelines may name one upstream: it is read once. */
static struct engine_followed *add_followed(struct engine_loading *loading,
                                            const struct rb_pipeline *pipeline,
                                            const struct rb_source *model)
{
    char identity[RB_SHA256_HEX_SIZE];
    rb_free(engine_source_spec(model, identity));
    for (size_t i = 0; i < loading->followed_count; i++) {
        if (rb_text_equal(loading->followed[i].identity, identity))
            return NULL;
    }
    loading->followed =
        rb_reallocarray(loading->followed, loading->followed_count + 1, sizeof(*loading->followed));
    struct engine_followed *followed = &loading->followed[loading->followed_count++];
    *followed = (struct engine_followed){.model = model,
                                         .name = rb_asprintf("%s/%s", pipeline->name, model->name)};
    memcpy(followed->identity, identity, sizeof(identity));
    return followed;
}

int engine_read_followed(struct rb_engine *engine, struct engine_loading *loading,
                         struct rb_err *err)
{
    int status = 0;
    size_t local = loading->count;
    for (size_t i = 0; i < local; i++) {
        const struct rb_pipeline *pipeline = loading->pipelines[i].model;
        for (size_t j = 0; status == 0 && j < pipeline->source_count; j++) {
            struct engine_followed *followed = NULL;
            if (pipeline->sources[j].kind == RB_SOURCE_PIPELINE)
                followed = add_followed(loading, pipeline, &pipeline->sources[j]);
            if (followed != NULL)
                status = read_source(engine, loading, followed, err);
        }
    }
    return status;
}

/* A source with a fault says so at its next check, which is to come soon; as does one whose fault
   may be gone. */
void engine_note_followed(struct rb_engine *engine, struct engine_loading *loading)
{
    for (size_t i = 0; i < loading->followed_count; i++) {
        struct engine_followed *followed = &loading->followed[i];
        for (size_t j = 0; j < engine->source_count; j++) {
            struct engine_source *source = &engine->sources[j];
            if (source->model != followed->model)
                continue;
            source->files_tree = rb_steal(&followed->tree);
            source->files_fault = rb_steal(&followed->fault);
            if (source->files_fault != NULL || source->trouble == RB_TROUBLE_MALFORMED)
                source->next_check_at = 0;
        }
    }
}

void engine_free_followed(struct engine_loading *loading)
{
    for (size_t i = 0; i < loading->followed_count; i++) {
        rb_free(loading->followed[i].name);
        rb_free(loading->followed[i].tree);
        rb_free(loading->followed[i].fault);
    }
    rb_free(loading->followed);
    loading->followed = NULL;
    loading->followed_count = 0;
}

void engine_follow(struct engine_source *source)
{
    struct rb_engine *engine = source->engine;
    if (source->model->kind != RB_SOURCE_PIPELINE || engine->following_soon ||
        rb_text_equal(rb_followed_tree(source->model, source->detail), source->files_tree))
        return;
    engine->following_soon = true;
    rb_timer_start(engine->follow_timer, 0, 0);
}

void engine_load_followed(struct rb_engine *engine)
{
    struct rb_err err;
    engine->following_soon = false;
    if (engine_load(engine, ENGINE_FOLLOWED_FILES, &err) != 0) {
        rb_log(RB_LOG_ERROR, "pipelines from git not loaded; stopping", "error", err.text, NULL);
        engine->failed = true;
        rb_loop_stop(engine->loop);
        return;
    }
    rb_log(RB_LOG_INFO, "pipelines from git loaded", NULL);
    rb_timer_start(engine->check_timer, 0, 0);
    rb_engine_plan_soon(engine);
}

void engine_tell_fault(const struct engine_source *source, struct rb_check_outcome *outcome,
                       struct rb_err *err)
{
    if (source->files_fault == NULL || outcome->result == NULL ||
        !rb_text_equal(rb_followed_tree(source->model, outcome->result->detail),
                       source->files_tree))
        return;
    (void)rb_err_set(err, RB_EINVALID, "%s", source->files_fault);
    outcome->result = NULL;
    outcome->error = err;
    outcome->trouble = RB_TROUBLE_MALFORMED;
}
