/* SPDX-License-Identifier: Apache-2.0 */
/* Histories as JSON lines: images first, then what happens. */
#include "rebake/simulate/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

struct owned {
    struct rb_history model;
    struct rb_arena *arena;
};

struct reading {
    struct rb_history *history;
    struct rb_arena *arena;
    json_t *package_index; /* names to indexes */
    json_t *image_index;
    size_t package_capacity, image_capacity, event_capacity;
    char what[64]; /* "line 7" */
};

static const char *const KINDS[] = {"package", "code", "base"};

struct rb_history *history_new(void)
{
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    return &owned->model;
}

struct rb_arena *history_arena(struct rb_history *history)
{
    return rb_container_of(history, struct owned, model)->arena;
}

void rb_history_free(struct rb_history *history)
{
    if (history == NULL)
        return;
    struct owned *owned = rb_container_of(history, struct owned, model);
    rb_arena_free(owned->arena);
    rb_free(owned);
}

void rb_history_cleanup(struct rb_history **history)
{
    rb_history_free(*history);
}

/* Events are told apart by where they stand, so that those of one time keep their order. */
static int compare_events(const void *a, const void *b)
{
    const struct rb_history_event *const *left = a, *const *right = b;
    if ((*left)->at != (*right)->at)
        return (*left)->at < (*right)->at ? -1 : 1;
    return *left < *right ? -1 : *left > *right;
}

void history_sort(struct rb_history *history)
{
    size_t count = history->event_count;
    RB_CLEANUP_FREE const struct rb_history_event **order =
        rb_calloc(count, sizeof(struct rb_history_event *));
    struct rb_history_event *sorted =
        rb_arena_array(history_arena(history), count, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        order[i] = &history->events[i];
    qsort(order, count, sizeof(struct rb_history_event *), compare_events);
    for (size_t i = 0; i < count; i++)
        sorted[i] = *order[i];
    history->events = sorted;
}

static int index_of(const json_t *index, const char *name)
{
    const json_t *found = json_object_get(index, name);
    return found == NULL ? -1 : (int)json_integer_value(found);
}

static int package_named(struct reading *reading, const char *name)
{
    struct rb_history *history = reading->history;
    int found = index_of(reading->package_index, name);
    if (found >= 0)
        return found;
    history->packages = rb_arena_grow(reading->arena, history->packages, history->package_count,
                                      &reading->package_capacity, sizeof(char *));
    history->packages[history->package_count] = rb_arena_strdup(reading->arena, name);
    rb_json_set_integer(reading->package_index, name, (int64_t)history->package_count);
    return (int)history->package_count++;
}

static int compare_numbers(const void *a, const void *b)
{
    const int *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static int read_packages(struct reading *reading, const json_t *line,
                         struct rb_history_image *image, struct rb_err *err)
{
    const json_t *list = json_object_get(line, "packages"), *item;
    int *packages = rb_arena_array(reading->arena, json_array_size(list), sizeof(*packages));
    size_t i, count = 0;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return rb_err_set(err, RB_EINVALID, "%s: a package's name is no text", reading->what);
        packages[count++] = package_named(reading, json_string_value(item));
    }
    qsort(packages, count, sizeof(*packages), compare_numbers);
    image->packages = packages;
    image->package_count = count;
    return 0;
}

static int read_image(struct reading *reading, const json_t *line, struct rb_err *err)
{
    struct rb_history *history = reading->history;
    const char *name, *base = rb_json_get_string(line, "base", NULL);
    struct rb_history_image image = {.base = -1};
    int status = rb_json_want_string(line, reading->what, "name", &name, err);
    if (status != 0)
        return status;
    if (index_of(reading->image_index, name) >= 0)
        return rb_err_set(err, RB_EINVALID, "%s: image %s stands here again", reading->what, name);
    if (history->image_count == RB_HISTORY_IMAGES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: more than %d images", reading->what,
                          RB_HISTORY_IMAGES_MAXIMUM);
    if (base != NULL && (image.base = index_of(reading->image_index, base)) < 0)
        return rb_err_set(err, RB_EINVALID, "%s: its base %s does not stand before it",
                          reading->what, base);
    const char *slash = strchr(name, '/');
    image.name = rb_arena_strdup(reading->arena, name);
    image.pipeline =
        slash == NULL ? "fleet" : rb_arena_strndup(reading->arena, name, (size_t)(slash - name));
    image.build_ms = (int64_t)(json_number_value(json_object_get(line, "minutes")) * 60 * 1000);
    image.build_ms = image.build_ms > 0 ? image.build_ms : 60 * 1000;
    image.deployed = rb_json_get_bool(line, "deployed", false);
    image.exposed = rb_json_get_bool(line, "exposed", false);
    status = read_packages(reading, line, &image, err);
    if (status != 0)
        return status;
    history->images = rb_arena_grow(reading->arena, history->images, history->image_count,
                                    &reading->image_capacity, sizeof(image));
    rb_json_set_integer(reading->image_index, name, (int64_t)history->image_count);
    history->images[history->image_count++] = image;
    return 0;
}

static int read_advisory(struct reading *reading, const json_t *json,
                         const struct rb_history_advisory **ret_advisory, struct rb_err *err)
{
    const char *id;
    if (json == NULL)
        return 0;
    int status = rb_json_want_string(json, reading->what, "id", &id, err);
    if (status != 0)
        return status;
    struct rb_history_advisory *advisory = rb_arena_alloc(reading->arena, sizeof(*advisory));
    *advisory = (struct rb_history_advisory){
        .id = rb_arena_strdup(reading->arena, id),
        .severity = rb_arena_strdup(reading->arena, rb_json_get_string(json, "severity", "medium")),
        .score = json_number_value(json_object_get(json, "score")),
        .epss = json_number_value(json_object_get(json, "epss")),
        .kev = rb_json_get_bool(json, "kev", false)};
    *ret_advisory = advisory;
    return 0;
}

static int read_event(struct reading *reading, const json_t *line, enum rb_history_kind kind,
                      struct rb_err *err)
{
    struct rb_history *history = reading->history;
    struct rb_history_event event = {.kind = kind};
    const char *at, *subject;
    const char *member = kind == RB_HISTORY_PACKAGE ? "package" : "image";
    int status = rb_json_want_string(line, reading->what, "at", &at, err);
    if (status == 0)
        status = rb_time_parse(at, &event.at, err);
    if (status == 0)
        status = rb_json_want_string(line, reading->what, member, &subject, err);
    if (status == 0)
        status = read_advisory(reading, json_object_get(line, "advisory"), &event.advisory, err);
    if (status != 0)
        return status;
    event.subject = kind == RB_HISTORY_PACKAGE ? package_named(reading, subject)
                                               : index_of(reading->image_index, subject);
    if (event.subject < 0)
        return rb_err_set(err, RB_EINVALID, "%s: there is no image %s before it", reading->what,
                          subject);
    if (history->event_count == RB_HISTORY_EVENTS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: more than %d events", reading->what,
                          RB_HISTORY_EVENTS_MAXIMUM);
    history->events = rb_arena_grow(reading->arena, history->events, history->event_count,
                                    &reading->event_capacity, sizeof(event));
    history->events[history->event_count++] = event;
    return 0;
}

static int read_line(struct reading *reading, const char *text, size_t size, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *line = NULL;
    const char *type;
    int status = rb_json_parse(text, size, reading->what, &line, err);
    if (status == 0)
        status = rb_json_want_string(line, reading->what, "type", &type, err);
    if (status != 0)
        return status;
    if (strcmp(type, "image") == 0)
        return read_image(reading, line, err);
    for (unsigned kind = 0; kind < RB_HISTORY_KIND_COUNT; kind++) {
        if (strcmp(type, KINDS[kind]) == 0)
            return read_event(reading, line, (enum rb_history_kind)kind, err);
    }
    return rb_err_set(err, RB_EINVALID,
                      "%s: there is no type \"%s\": write image, package, code or "
                      "base",
                      reading->what, type);
}

static int read_lines(struct reading *reading, const char *data, size_t size, struct rb_err *err)
{
    size_t number = 0;
    int status = 0;
    for (const char *at = data, *end = data + size; status == 0 && at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline == NULL ? end : newline) - at);
        (void)snprintf(reading->what, sizeof(reading->what), "line %zu", ++number);
        if (length > 0)
            status = read_line(reading, at, length, err);
        at += length + 1;
    }
    return status;
}

int rb_history_read(const char *path, struct rb_history **ret_history, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    RB_CLEANUP_JSON json_t *packages = rb_json_object();
    RB_CLEANUP_JSON json_t *images = rb_json_object();
    size_t size = 0;
    struct rb_err why;
    int status = rb_file_read(path, RB_HISTORY_BYTES_MAXIMUM, &data, &size, err);
    if (status != 0)
        return status;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = history_new();
    struct reading reading = {.history = history,
                              .arena = history_arena(history),
                              .package_index = packages,
                              .image_index = images};
    if (read_lines(&reading, data, size, &why) != 0)
        return rb_err_set(err, why.code, "%s: %s", path, why.text);
    if (history->image_count == 0 || history->event_count == 0)
        return rb_err_set(err, RB_EINVALID, "%s: has no %s", path,
                          history->image_count == 0 ? "image" : "event");
    history_sort(history);
    history->begins_at = history->events[0].at;
    history->ends_at = history->events[history->event_count - 1].at;
    *ret_history = rb_steal(&history);
    return 0;
}

static json_t *image_json(const struct rb_history *history, const struct rb_history_image *image)
{
    json_t *json = rb_json_object(), *packages = rb_json_array();
    rb_json_set_string(json, "type", "image");
    rb_json_set_string(json, "name", image->name);
    if (image->base >= 0)
        rb_json_set_string(json, "base", history->images[image->base].name);
    for (size_t i = 0; i < image->package_count; i++)
        rb_json_append_string(packages, history->packages[image->packages[i]]);
    rb_json_set(json, "packages", packages);
    rb_json_set(json, "minutes", json_real((double)image->build_ms / 60000.0));
    rb_json_set_bool(json, "deployed", image->deployed);
    rb_json_set_bool(json, "exposed", image->exposed);
    return json;
}

static json_t *event_json(const struct rb_history *history, const struct rb_history_event *event)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "type", KINDS[event->kind]);
    rb_json_set_time(json, "at", event->at);
    if (event->kind == RB_HISTORY_PACKAGE)
        rb_json_set_string(json, "package", history->packages[event->subject]);
    else
        rb_json_set_string(json, "image", history->images[event->subject].name);
    if (event->advisory == NULL)
        return json;
    json_t *advisory = rb_json_object();
    rb_json_set_string(advisory, "id", event->advisory->id);
    rb_json_set_string(advisory, "severity", event->advisory->severity);
    rb_json_set(advisory, "score", json_real(event->advisory->score));
    rb_json_set(advisory, "epss", json_real(event->advisory->epss));
    rb_json_set_bool(advisory, "kev", event->advisory->kev);
    rb_json_set(json, "advisory", advisory);
    return json;
}

static void write_line(json_t *json, FILE *out)
{
    RB_CLEANUP_JSON json_t *owned = json;
    RB_CLEANUP_FREE char *text = rb_json_canonical(owned);
    (void)fprintf(out, "%s\n", text);
}

int rb_history_write(const struct rb_history *history, FILE *out, struct rb_err *err)
{
    for (size_t i = 0; i < history->image_count; i++)
        write_line(image_json(history, &history->images[i]), out);
    for (size_t i = 0; i < history->event_count; i++)
        write_line(event_json(history, &history->events[i]), out);
    return fflush(out) == 0 && !ferror(out) ? 0 : rb_err_sys(err, errno, "write the history");
}
