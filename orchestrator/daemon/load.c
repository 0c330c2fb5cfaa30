/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading pipelines: all files are read first; only when every one of this machine is good does
 * anything change. The runtime tables are then made anew from the models and the store.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/deploy/deploy.h"
#include "rebake/store/exposures.h"
#include "vulnerabilities.h"

enum { PIPELINE_MAXIMUM = 1 << 20 };

/* What cannot be read is told where it is read as a pipeline. */
static bool is_pipeline(const char *path)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    return rb_file_read(path, PIPELINE_MAXIMUM, &data, &size, NULL) != 0 ||
           !rb_pipeline_is_other(data, size);
}

int engine_list_folder(const char *path, struct rb_strlist *files, struct rb_err *err)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return rb_err_sys(err, errno, "open folder %s", path);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        RB_CLEANUP_FREE char *file = rb_asprintf("%s/%s", path, entry->d_name);
        if (rb_pipeline_is_file_name(entry->d_name) && is_pipeline(file))
            rb_strlist_add(files, file);
    }
    (void)closedir(folder);
    return 0;
}

char *engine_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return rb_strdup(".");
    return slash == path ? rb_strdup("/") : rb_strndup(path, (size_t)(slash - path));
}

static int list_files(struct rb_engine *engine, struct rb_strlist *files, struct rb_err *err)
{
    for (size_t i = 0; i < engine->pipeline_paths.count; i++) {
        const char *path = engine->pipeline_paths.items[i];
        struct stat status;
        if (stat(path, &status) != 0)
            return rb_err_sys(err, errno, "read pipeline %s", path);
        if (!S_ISDIR(status.st_mode)) {
            rb_strlist_add(files, path);
        } else {
            int result = engine_list_folder(path, files, err);
            if (result != 0)
                return result;
        }
    }
    rb_strlist_sort(files);
    if (files->count == 0)
        return rb_err_set(err, RB_ENOTFOUND,
                          "no pipeline file was found: name one, or a folder of *.yaml");
    return 0;
}

static int read_pipelines(struct rb_engine *engine, const struct rb_strlist *files,
                          struct engine_pipeline *pipelines, struct rb_err *err)
{
    int failed = 0;
    for (size_t i = 0; i < files->count; i++) {
        RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
        struct rb_err one;
        int status = rb_pipeline_read(files->items[i], &pipelines[i].model, &diagnostics, &one);
        pipelines[i].folder = engine_folder_of(files->items[i]);
        if (status == 0)
            status = engine_check_policy(&pipelines[i], engine->diagnostics, &one);
        if (status == 0)
            continue;
        if (engine->diagnostics != NULL)
            rb_diagnostics_print(&diagnostics, engine->diagnostics);
        failed = failed == 0 ? rb_err_copy(err, &one) : failed;
    }
    for (size_t i = 0; failed == 0 && i < files->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(pipelines[i].model->name, pipelines[j].model->name) == 0)
                failed =
                    rb_err_set(err, RB_EINVALID, "%s: pipeline \"%s\" is already defined in %s",
                               files->items[i], pipelines[i].model->name, files->items[j]);
        }
    }
    return failed;
}

static void free_pipelines(struct engine_pipeline *pipelines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rb_pipeline_free(pipelines[i].model);
        rb_free(pipelines[i].bound);
        rb_free(pipelines[i].folder);
    }
    rb_free(pipelines);
}

void engine_unload(struct rb_engine *engine)
{
    engine_unload_hooks(engine);
    engine_exposures_pause(engine->exposures);
    engine_cancel_questions(engine);
    engine_let_go_of_policy(engine);
    engine_end_marks(engine);
    for (size_t i = 0; i < engine->source_count; i++) {
        struct engine_source *source = &engine->sources[i];
        rb_free(source->name);
        rb_free(source->version);
        rb_strlist_deinit(&source->paths);
        json_decref(source->memo);
        json_decref(source->detail);
        rb_free(source->files_tree);
        rb_free(source->files_fault);
        rb_index_close(source->index);
        rb_advisory_set_close(source->advisories);
        rb_threats_close(source->threats);
    }
    for (size_t i = 0; i < engine->image_count; i++) {
        struct engine_image *image = &engine->images[i];
        rb_free(image->name);
        rb_free(image->repositories);
        rb_free(image->updates_for);
        rb_free(image->base_version);
        rb_free(image->paused_by);
        rb_free(image->request_who);
        rb_free(image->request_why);
        rb_free(image->recorded);
        engine_free_verdict(&image->verdict);
        engine_forget_known(image);
        rb_inventory_deinit(&image->inventory);
        rb_arena_free(image->facts);
        rb_arena_free(image->updates_arena);
        rb_arena_free(image->before_arena);
    }
    for (size_t i = 0; i < engine->deployment_count; i++) {
        rb_free(engine->deployments[i].name);
        engine_free_verdict(&engine->deployments[i].verdict);
    }
    free_pipelines(engine->pipelines, engine->pipeline_count);
    rb_free(engine->sources);
    rb_free(engine->sources_by_id);
    rb_free(engine->images);
    rb_free(engine->deployments);
    engine->pipelines = NULL;
    engine->sources = NULL;
    engine->sources_by_id = NULL;
    engine->images = NULL;
    engine->deployments = NULL;
    engine->pipeline_count = engine->source_count = 0;
    engine->image_count = engine->deployment_count = 0;
}

/* Where the id stands among the loaded ones, or would. */
static size_t place_of(const struct rb_engine *engine, int64_t id)
{
    size_t low = 0, high = engine->source_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->sources_by_id[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct engine_source *engine_source_by_id(const struct rb_engine *engine, int64_t id)
{
    size_t place = place_of(engine, id);
    struct engine_source **at = engine->sources_by_id + place;
    return place < engine->source_count && (*at)->id == id ? *at : NULL;
}

static struct engine_source *add_source(struct rb_engine *engine, int64_t id)
{
    struct engine_source **at = engine->sources_by_id + place_of(engine, id);
    struct engine_source **end = engine->sources_by_id + engine->source_count;
    struct engine_source *source = &engine->sources[engine->source_count++];
    memmove(at + 1, at, (size_t)(end - at) * sizeof(struct engine_source *));
    *at = source;
    source->engine = engine;
    source->id = id;
    return source;
}

struct engine_deployment *engine_deployment_by_id(struct rb_engine *engine, int64_t id)
{
    for (size_t i = 0; i < engine->deployment_count; i++) {
        if (engine->deployments[i].id == id)
            return &engine->deployments[i];
    }
    return NULL;
}

/* The row's knowledge of a source, into a new runtime entry. */
static int restore_source(struct rb_engine *engine, struct engine_source *source,
                          struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_source_row row;
    int status = rb_store_source(engine->store, source->id, arena, &row, err);
    if (status != 0)
        return status;
    source->failures = row.failures;
    source->trouble = rb_trouble_from_name(row.trouble);
    source->asked = row.last_check_at != 0 && row.next_check_at == 0;
    source->next_check_at = row.next_check_at;
    source->version = rb_strdup(row.version);
    source->version_id = row.version_id;
    source->changed_at = row.last_change_at;
    if (row.memo != NULL)
        status = rb_json_parse(row.memo, strlen(row.memo), "memo of a source", &source->memo, err);
    if (status == 0 && row.version_detail != NULL)
        status = rb_json_parse(row.version_detail, strlen(row.version_detail),
                               "version of a source", &source->detail, err);
    return status;
}

char *engine_source_spec(const struct rb_source *model, char identity[RB_SHA256_HEX_SIZE])
{
    RB_CLEANUP_JSON json_t *spec = rb_source_spec(model);
    char *text = rb_json_canonical(spec);
    rb_sha256_of(text, strlen(text), identity);
    return text;
}

static int load_source(struct rb_engine *engine, struct engine_pipeline *pipeline,
                       const struct rb_source *model, struct rb_err *err)
{
    char identity[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *text = engine_source_spec(model, identity);
    RB_CLEANUP_FREE char *description = rb_source_describe(model);
    int64_t id;
    int status = rb_store_put_source(engine->store, pipeline->id, model->name, identity,
                                     rb_source_kind_name(model->kind), text, description, &id, err);
    if (status != 0)
        return status;
    struct engine_source **bound = &pipeline->bound[model - pipeline->model->sources];
    *bound = engine_source_by_id(engine, id);
    if (*bound != NULL) {
        if (model->every_ms < (*bound)->every_ms)
            (*bound)->every_ms = model->every_ms;
        return 0;
    }
    struct engine_source *source = *bound = add_source(engine, id);
    RB_CLEANUP_FREE char *host = rb_source_host(model);
    source->model = model;
    source->every_ms = model->every_ms;
    source->name = rb_asprintf("%s/%s", pipeline->model->name, model->name);
    source->turn.host = rb_check_queue_host(engine->queue, host);
    return restore_source(engine, source, err);
}

static struct engine_source *source_of(const struct engine_pipeline *pipeline,
                                       const struct rb_source *model)
{
    return pipeline->bound[model - pipeline->model->sources];
}

/* Images stand in the order of their pipeline's model. */
static size_t image_number(const struct engine_pipeline *pipeline, const struct rb_image *model)
{
    return pipeline->first_image + (size_t)(model - pipeline->model->images);
}

static void need_path(struct engine_source *source, const char *path)
{
    if (!rb_strlist_contains(&source->paths, path))
        rb_strlist_add(&source->paths, path);
}

static int load_image(struct rb_engine *engine, struct engine_pipeline *pipeline,
                      const struct rb_image *model, struct rb_err *err)
{
    int64_t id;
    int status =
        rb_store_put_image(engine->store, pipeline->id, model->name, model->recipe_hash, &id, err);
    if (status != 0)
        return status;
    struct engine_image *image = &engine->images[engine->image_count];
    *image = (struct engine_image){.id = id, .pipeline = pipeline, .model = model, .stale = true};
    image->name = rb_asprintf("%s/%s", pipeline->model->name, model->name);
    image->base = RB_PLAN_NO_BASE;
    if (model->from_image != NULL)
        image->base = (int)image_number(pipeline, model->from_image);
    if (model->from_source != NULL)
        image->base_source = source_of(pipeline, model->from_source);
    image->code_source = source_of(pipeline, model->context_source);
    need_path(image->code_source, model->context_path);
    for (size_t i = 0; model->code_paths[i] != NULL; i++)
        need_path(image->code_source, model->code_paths[i]);
    while (model->packages[image->repository_count] != NULL)
        image->repository_count++;
    image->repositories = rb_calloc(image->repository_count, sizeof(struct engine_source *));
    image->updates_for = rb_calloc(image->repository_count, sizeof(int64_t));
    for (size_t i = 0; i < image->repository_count; i++)
        image->repositories[i] = source_of(pipeline, model->packages[i]);
    engine->image_count++;
    return 0;
}

static int load_deployment(struct rb_engine *engine, struct engine_pipeline *pipeline,
                           const struct rb_deployment *model, struct rb_err *err)
{
    struct engine_deployment *deployment = &engine->deployments[engine->deployment_count];
    RB_CLEANUP_JSON json_t *spec = rb_deploy_target_spec(model);
    RB_CLEANUP_FREE char *text = rb_json_canonical(spec);
    *deployment =
        (struct engine_deployment){.pipeline = pipeline,
                                   .model = model,
                                   .image = &engine->images[image_number(pipeline, model->image)]};
    rb_sha256_of(text, strlen(text), deployment->spec_hash);
    int status =
        rb_store_put_deployment(engine->store, pipeline->id, model->name, deployment->image->id,
                                deployment->spec_hash, &deployment->id, err);
    if (status != 0)
        return status;
    deployment->name = rb_asprintf("%s/%s", pipeline->model->name, model->name);
    engine->deployment_count++;
    return 0;
}

static int retain_named(struct rb_engine *engine, int64_t pipeline_id,
                        const struct rb_strlist *sources, const struct rb_strlist *images,
                        const struct rb_strlist *deployments, struct rb_err *err)
{
    static const char *const NONE[] = {NULL};
    const struct {
        int (*call)(struct rb_store *, int64_t, const char *const *, struct rb_err *);
        const struct rb_strlist *names;
    } steps[] = {{rb_store_retain_deployments, deployments},
                 {rb_store_retain_images, images},
                 {rb_store_retain_sources, sources}};
    for (size_t i = 0; i < RB_COUNT_OF(steps); i++) {
        const char *const *names =
            steps[i].names->count == 0 ? NONE : (const char *const *)steps[i].names->items;
        int status = steps[i].call(engine->store, pipeline_id, names, err);
        if (status != 0)
            return status;
    }
    return 0;
}

/* What a pipeline no longer names leaves the lists. */
static int retain(struct rb_engine *engine, const struct engine_pipeline *pipeline,
                  struct rb_err *err)
{
    const struct rb_pipeline *model = pipeline->model;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist sources = {0};
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist images = {0};
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist deployments = {0};
    for (size_t i = 0; i < model->source_count; i++)
        rb_strlist_add(&sources, model->sources[i].name);
    for (size_t i = 0; i < model->image_count; i++)
        rb_strlist_add(&images, model->images[i].name);
    for (size_t i = 0; i < model->deployment_count; i++)
        rb_strlist_add(&deployments, model->deployments[i].name);
    return retain_named(engine, pipeline->id, &sources, &images, &deployments, err);
}

/* A pipeline whose file is gone keeps its history and nothing else. */
static int retire_absent_pipelines(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const struct rb_strlist none = {0};
    struct rb_pipeline_row *rows;
    size_t count;
    int status = rb_store_pipelines(engine->store, arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        bool loaded = false;
        for (size_t j = 0; j < engine->pipeline_count; j++)
            loaded = loaded || engine->pipelines[j].id == rows[i].id;
        if (!loaded)
            status = retain_named(engine, rows[i].id, &none, &none, &none, err);
    }
    return status;
}

static int load_pipeline(struct rb_engine *engine, struct engine_pipeline *pipeline,
                         struct rb_err *err)
{
    const struct rb_pipeline *model = pipeline->model;
    int status = rb_store_put_pipeline(engine->store, model->name, model->file, model->content_hash,
                                       &pipeline->id, err);
    pipeline->bound = rb_calloc(model->source_count, sizeof(*pipeline->bound));
    pipeline->first_image = engine->image_count;
    for (size_t i = 0; status == 0 && i < model->source_count; i++)
        status = load_source(engine, pipeline, &model->sources[i], err);
    for (size_t i = 0; status == 0 && i < model->image_count; i++)
        status = load_image(engine, pipeline, &model->images[i], err);
    for (size_t i = 0; status == 0 && i < model->deployment_count; i++)
        status = load_deployment(engine, pipeline, &model->deployments[i], err);
    if (status == 0 && model->policy == NULL)
        status = rb_store_drop_deadlines(engine->store, pipeline->id, err);
    return status == 0 ? retain(engine, pipeline, err) : status;
}

static void make_tables(struct rb_engine *engine, struct engine_pipeline *pipelines, size_t count)
{
    size_t sources = 0, images = 0, deployments = 0;
    for (size_t i = 0; i < count; i++) {
        sources += pipelines[i].model->source_count;
        images += pipelines[i].model->image_count;
        deployments += pipelines[i].model->deployment_count;
    }
    engine->pipelines = pipelines;
    engine->pipeline_count = count;
    engine->sources = rb_calloc(sources, sizeof(*engine->sources));
    engine->sources_by_id = rb_calloc(sources, sizeof(struct engine_source *));
    engine->images = rb_calloc(images, sizeof(*engine->images));
    engine->deployments = rb_calloc(deployments, sizeof(*engine->deployments));
}

static int read_local(struct rb_engine *engine, struct engine_loading *loading, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist files = {0};
    int status = list_files(engine, &files, err);
    if (status != 0)
        return status;
    loading->pipelines = rb_calloc(files.count, sizeof(*loading->pipelines));
    loading->count = files.count;
    return read_pipelines(engine, &files, loading->pipelines, err);
}

/* The local ones that are loaded, still owned by the tables. */
static void borrow_local(const struct rb_engine *engine, struct engine_loading *loading)
{
    loading->pipelines = rb_calloc(engine->pipeline_count, sizeof(*loading->pipelines));
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        const struct engine_pipeline *pipeline = &engine->pipelines[i];
        if (!pipeline->is_followed)
            loading->pipelines[loading->count++] = (struct engine_pipeline){
                .model = pipeline->model, .folder = rb_strdup(pipeline->folder)};
    }
}

/* One of the two that hold a borrowed model lets go of it before it is freed. */
static void let_go_of_local(struct engine_pipeline *pipelines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!pipelines[i].is_followed)
            pipelines[i].model = NULL;
    }
}

static int read_all(struct rb_engine *engine, enum engine_files files,
                    struct engine_loading *loading, struct rb_err *err)
{
    int status = 0;
    engine_record_checks(engine); /* what they found is known before it is read */
    if (files == ENGINE_ALL_FILES)
        status = read_local(engine, loading, err);
    else
        borrow_local(engine, loading);
    return status == 0 ? engine_read_followed(engine, loading, err) : status;
}

static int recall_verdicts(struct rb_engine *engine, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < engine->image_count; i++) {
        struct engine_image *image = &engine->images[i];
        const struct engine_subject subject = {.verdict = &image->verdict, .image_id = image->id};
        if (image->pipeline->model->policy != NULL)
            status = engine_recall_verdict(engine, &subject, err);
    }
    for (size_t i = 0; status == 0 && i < engine->deployment_count; i++) {
        struct engine_deployment *deployment = &engine->deployments[i];
        const struct engine_subject subject = {.verdict = &deployment->verdict,
                                               .deployment_id = deployment->id};
        if (deployment->pipeline->model->policy != NULL)
            status = engine_recall_verdict(engine, &subject, err);
    }
    return status;
}

static int load_tables(struct rb_engine *engine, struct engine_loading *loading, struct rb_err *err)
{
    make_tables(engine, loading->pipelines, loading->count);
    int status = rb_store_begin(engine->store, err);
    for (size_t i = 0; status == 0 && i < loading->count; i++)
        status = load_pipeline(engine, &loading->pipelines[i], err);
    if (status == 0)
        status = retire_absent_pipelines(engine, err);
    engine_begin_marks(engine);
    if (status != 0) {
        rb_store_rollback(engine->store);
        return status;
    }
    status = rb_store_commit(engine->store, err);
    if (status == 0)
        status = recall_verdicts(engine, err);
    if (status == 0) {
        engine_start_policy(engine);
        engine_exposures_go_on(engine->exposures);
        engine_note_followed(engine, loading);
        engine_queue_sources(engine);
    }
    return status;
}

int engine_load(struct rb_engine *engine, enum engine_files files, struct rb_err *err)
{
    struct engine_loading loading = {0};
    int status = read_all(engine, files, &loading, err);
    if (status != 0) {
        if (files == ENGINE_FOLLOWED_FILES)
            let_go_of_local(loading.pipelines, loading.count);
        free_pipelines(loading.pipelines, loading.count);
        engine_free_followed(&loading);
        return status;
    }
    engine_cancel_checks(engine);
    if (files == ENGINE_FOLLOWED_FILES)
        let_go_of_local(engine->pipelines, engine->pipeline_count);
    engine_unload(engine);
    status = load_tables(engine, &loading, err);
    engine_free_followed(&loading);
    rb_memory_trim(); /* reading took several times what is kept */
    return status == 0 ? engine_load_hooks(engine, err) : status;
}
