/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources that people have pinned: what planning sees of them is the pinned version. Checks go on,
 * and what they find is recorded; only planning looks elsewhere.
 *
 * The index of a repository's older version is dropped by the check that finds a newer one. That of
 * a pinned version is linked into a folder of its own before the pin is set, and goes with it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/lock.h"

struct engine_pin {
    char *subject; /* as in rebake/store/pins.h */
    char *who;
    char *why;
    struct engine_source *source; /* NULL: no pipeline has it any more */
    int64_t version_id;
    char *version;
    int64_t seen_at;
    json_t *detail;
    struct rb_index *index; /* opened when first needed */
};

/* How narrow the pin is where the image is meant by it: 0: it is not. */
static int meant_by(const struct engine_pin *pin, const struct engine_image *image)
{
    const char *pipeline = image->pipeline->model->name;
    size_t size = strlen(pipeline), name_size = strlen(image->name);
    if (rb_text_starts_with(pin->subject, "source:"))
        return 1;
    if (strncmp(pin->subject, image->name, name_size) == 0 && pin->subject[name_size] == '/')
        return 3;
    bool is_of_pipeline = strncmp(pin->subject, pipeline, size) == 0 && pin->subject[size] == '/';
    return is_of_pipeline && strchr(pin->subject + size + 1, '/') == NULL ? 2 : 0;
}

static struct engine_pin *find_pin(const struct engine_image *image,
                                   const struct engine_source *source)
{
    const struct rb_engine *engine = source->engine;
    struct engine_pin *found = NULL;
    int narrowest = 0;
    for (size_t i = 0; i < engine->pin_count; i++) {
        struct engine_pin *pin = &engine->pins[i];
        int how = pin->source == source ? meant_by(pin, image) : 0;
        if (how > narrowest) {
            narrowest = how;
            found = pin;
        }
    }
    return found;
}

struct engine_seen engine_see(const struct engine_image *image, const struct engine_source *source)
{
    const struct engine_pin *pin = find_pin(image, source);
    if (pin == NULL)
        return (struct engine_seen){.version = source->version,
                                    .version_id = source->version_id,
                                    .changed_at = source->changed_at,
                                    .detail = source->detail};
    return (struct engine_seen){.version = pin->version,
                                .version_id = pin->version_id,
                                .changed_at = pin->seen_at,
                                .detail = pin->detail};
}

int64_t engine_changed_at(const struct engine_image *image)
{
    int64_t at = engine_see(image, image->code_source).changed_at;
    for (size_t i = 0; i <= image->repository_count; i++) {
        const struct engine_source *source =
            i < image->repository_count ? image->repositories[i] : image->base_source;
        int64_t changed_at = source == NULL ? 0 : engine_see(image, source).changed_at;
        at = changed_at > at ? changed_at : at;
    }
    return at;
}

static char *pinned_folder(const struct rb_engine *engine)
{
    return rb_asprintf("%s/pinned", engine->state_folder);
}

static char *pinned_path(const struct rb_engine *engine, int64_t version_id)
{
    return rb_asprintf("%s/pinned/%lld.index", engine->state_folder, (long long)version_id);
}

const struct rb_index *engine_see_index(const struct engine_image *image,
                                        struct engine_source *source)
{
    struct rb_err err;
    struct engine_pin *pin = find_pin(image, source);
    if (pin == NULL)
        return engine_index_of(source);
    RB_CLEANUP_FREE char *path = pinned_path(source->engine, pin->version_id);
    if (pin->index == NULL && rb_index_open(path, &pin->index, &err) != 0)
        rb_log(RB_LOG_ERROR, "the pinned version's package index is unusable: unpin the source",
               "pin", pin->subject, "error", err.text, NULL);
    return pin->index;
}

/* Drops indexes that no pin needs. */
static void drop_indexes(const struct rb_engine *engine)
{
    RB_CLEANUP_FREE char *path = pinned_folder(engine);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        bool is_needed = !rb_text_ends_with(entry->d_name, ".index");
        for (size_t i = 0; i < engine->pin_count; i++) {
            char name[64];
            (void)snprintf(name, sizeof(name), "%lld.index", (long long)engine->pins[i].version_id);
            is_needed = is_needed || strcmp(name, entry->d_name) == 0;
        }
        if (!is_needed)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL)
        (void)closedir(folder);
}

void engine_drop_pins(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->pin_count; i++) {
        struct engine_pin *pin = &engine->pins[i];
        rb_free(pin->subject);
        rb_free(pin->who);
        rb_free(pin->why);
        rb_free(pin->version);
        json_decref(pin->detail);
        rb_index_close(pin->index);
    }
    rb_free(rb_steal(&engine->pins));
    engine->pin_count = 0;
}

static void mark_users(const struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->pin_count; i++) {
        if (engine->pins[i].source != NULL)
            engine_mark_users(engine->pins[i].source);
    }
}

static bool is_same(const struct rb_engine *engine, const struct rb_pin_row *rows, size_t count)
{
    bool same = engine->pin_count == count;
    for (size_t i = 0; same && i < count; i++) {
        const struct engine_pin *pin = &engine->pins[i];
        same = pin->version_id == rows[i].version_id &&
               strcmp(pin->subject, rows[i].subject) == 0 && strcmp(pin->who, rows[i].who) == 0 &&
               strcmp(pin->why, rows[i].why) == 0;
    }
    return same;
}

static int parse_detail(const char *text, json_t **ret_detail, struct rb_err *err)
{
    *ret_detail = NULL;
    return text == NULL ? 0
                        : rb_json_parse(text, strlen(text), "version of a source", ret_detail, err);
}

static int read_pin(const struct rb_engine *engine, const struct rb_pin_row *row,
                    struct rb_arena *arena, struct engine_pin *pin, struct rb_err *err)
{
    struct rb_version_row version;
    int status = rb_store_version(engine->store, row->version_id, arena, &version, err);
    if (status == 0)
        status = parse_detail(version.detail, &pin->detail, err);
    pin->subject = rb_strdup(row->subject);
    pin->who = rb_strdup(row->who);
    pin->why = rb_strdup(row->why);
    pin->version = rb_strdup(row->version);
    pin->version_id = row->version_id;
    pin->source = engine_source_by_id(engine, row->source_id);
    pin->seen_at = status == 0 ? version.seen_at : 0;
    return status;
}

int engine_read_pins(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_pin_row *rows;
    size_t count;
    int status = rb_store_pins(engine->store, arena, &rows, &count, err);
    if (status != 0 || is_same(engine, rows, count))
        return status;
    mark_users(engine);
    engine_drop_pins(engine);
    engine->pins = rb_calloc(count, sizeof(*engine->pins));
    for (size_t i = 0; status == 0 && i < count; i++)
        status = read_pin(engine, &rows[i], arena, &engine->pins[engine->pin_count++], err);
    if (status != 0) {
        engine_drop_pins(engine);
        return status;
    }
    mark_users(engine);
    drop_indexes(engine);
    return 0;
}

static bool is_meant(const struct engine_image *image, const char *pipeline, const char *name)
{
    return (pipeline == NULL || strcmp(image->pipeline->model->name, pipeline) == 0) &&
           (name == NULL || strcmp(image->name, name) == 0);
}

/* Linked, for the next check may drop it. */
static int keep_index(const struct rb_engine *engine, int64_t version_id, const json_t *detail,
                      struct rb_err *err)
{
    const char *index = rb_json_get_string(detail, "index", NULL);
    RB_CLEANUP_FREE char *folder = pinned_folder(engine);
    RB_CLEANUP_FREE char *path = pinned_path(engine, version_id);
    if (rb_file_exists(path))
        return 0;
    if (index == NULL || !rb_file_exists(index))
        return rb_err_set(err, RB_EINVALID,
                          "what that version offers is not kept any more: only the newest version "
                          "of a repository can be pinned (\"present\")");
    int status = rb_folder_make(folder, 0700, err);
    if (status == 0 && link(index, path) != 0)
        status = rb_err_sys(err, errno, "keep %s as %s", index, path);
    return status;
}

static int can_serve(const struct engine_image *image, const struct engine_source *source,
                     const json_t *detail, struct rb_err *err)
{
    char key[RB_SHA256_HEX_SIZE];
    if (image->code_source != source ||
        rb_lock_code_key(image->model, json_object_get(detail, "trees"), key) != NULL)
        return 0;
    return rb_err_set(err, RB_EINVALID,
                      "of that version nobody looked at the paths that %s is built from",
                      image->name);
}

int rb_engine_keep_version(struct rb_engine *engine, int64_t version_id, const char *pipeline,
                           const char *image_name, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *detail = NULL;
    struct rb_version_row version;
    int status = rb_store_version(engine->store, version_id, arena, &version, err);
    if (status == 0)
        status = parse_detail(version.detail, &detail, err);
    if (status != 0)
        return status;
    const struct engine_source *source = engine_source_by_id(engine, version.source_id);
    size_t meant = 0;
    for (size_t i = 0; source != NULL && status == 0 && i < source->user_count; i++) {
        const struct engine_image *image = &engine->images[source->users[i]];
        if (!is_meant(image, pipeline, image_name))
            continue;
        meant++;
        status = can_serve(image, source, detail, err);
    }
    if (status != 0)
        return status;
    if (meant == 0)
        return rb_err_set(err, RB_EINVALID, "it is an input of no image%s%s",
                          image_name == NULL && pipeline == NULL ? "" : " of ",
                          image_name != NULL ? image_name
                          : pipeline == NULL ? ""
                                             : pipeline);
    enum rb_package_type type;
    bool is_repository = rb_package_type_of_source(rb_source_kind_name(source->model->kind), &type);
    return is_repository ? keep_index(engine, version_id, detail, err) : 0;
}
