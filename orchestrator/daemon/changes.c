/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which images planning has to look at again. Whoever changes what planning looks at marks the
 * images that it concerns: a source its users, a build its image. What people said is compared with
 * what they had said at the last planning.
 *
 * A mark that is forgotten must cost time, and never correctness: each planning looks at a part of
 * all images besides, so that all are looked at again within a while.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { PLANNINGS_FOR_ALL = 30, FEWEST_LOOKED_AT = 256 };

struct engine_marks {
    bool *marked; /* one for each image */
    size_t *list;
    size_t count;
    size_t looked_up_to;    /* of all, by the parts */
    int *users;             /* of all sources, one source's behind the other's */
    struct rb_arena *words; /* as of the last planning */
    struct engine_words said;
};

static size_t number_of(const struct rb_engine *engine, const struct engine_image *image)
{
    return (size_t)(image - engine->images);
}

void engine_mark_image(struct rb_engine *engine, const struct engine_image *image)
{
    struct engine_marks *marks = engine->marks;
    size_t number = number_of(engine, image);
    if (marks->marked[number])
        return;
    marks->marked[number] = true;
    marks->list[marks->count++] = number;
}

void engine_mark_facts(struct rb_engine *engine, struct engine_image *image)
{
    image->stale = true;
    engine->queue_changed = true;
    engine_mark_image(engine, image);
}

void engine_mark_users(const struct engine_source *source)
{
    struct rb_engine *engine = source->engine;
    for (size_t i = 0; i < source->user_count; i++)
        engine_mark_image(engine, &engine->images[source->users[i]]);
}

void engine_mark_all(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->image_count; i++)
        engine_mark_image(engine, &engine->images[i]);
}

/* Each source of the image, some perhaps more than once; NULL behind the last. */
static struct engine_source *source_at(const struct engine_image *image, size_t place)
{
    if (place < image->repository_count)
        return image->repositories[place];
    if (place == image->repository_count)
        return image->code_source;
    return place == image->repository_count + 1 ? image->base_source : NULL;
}

static void count_users(struct rb_engine *engine, bool keep)
{
    for (size_t i = 0; i < engine->image_count; i++) {
        const struct engine_image *image = &engine->images[i];
        size_t place = 0;
        for (struct engine_source *source = source_at(image, place); source != NULL;
             source = source_at(image, ++place)) {
            if (keep)
                source->users[source->user_count] = (int)i;
            source->user_count++;
        }
    }
}

static void find_users(struct rb_engine *engine)
{
    size_t total = 0;
    count_users(engine, false);
    for (size_t i = 0; i < engine->source_count; i++)
        total += engine->sources[i].user_count;
    int *next = engine->marks->users = rb_calloc(total, sizeof(*next));
    for (size_t i = 0; i < engine->source_count; i++) {
        engine->sources[i].users = next;
        next += engine->sources[i].user_count;
        engine->sources[i].user_count = 0;
    }
    count_users(engine, true);
}

static int compare_ids(const void *a, const void *b)
{
    const struct engine_image *left = *(struct engine_image *const *)a;
    const struct engine_image *right = *(struct engine_image *const *)b;
    return left->id < right->id ? -1 : left->id > right->id;
}

struct engine_image *engine_image_by_id(const struct rb_engine *engine, int64_t id)
{
    struct engine_image wanted = {.id = id}, *key = &wanted;
    struct engine_image **found = engine->image_count == 0
                                      ? NULL
                                      : bsearch(&key, engine->images_by_id, engine->image_count,
                                                sizeof(struct engine_image *), compare_ids);
    return found == NULL ? NULL : *found;
}

void engine_begin_marks(struct rb_engine *engine)
{
    size_t count = engine->image_count;
    engine->marks = rb_zalloc(sizeof(*engine->marks));
    engine->marks->marked = rb_calloc(count, sizeof(bool));
    engine->marks->list = rb_calloc(count, sizeof(size_t));
    engine->images_by_id = rb_calloc(count, sizeof(struct engine_image *));
    for (size_t i = 0; i < count; i++)
        engine->images_by_id[i] = &engine->images[i];
    qsort(engine->images_by_id, count, sizeof(struct engine_image *), compare_ids);
    engine->planner = rb_planner_new(count);
    engine->asking = rb_calloc(count, sizeof(size_t));
    engine->asking_count = 0;
    find_users(engine);
    engine_mark_all(engine);
    engine->queue_changed = true;
}

void engine_end_marks(struct rb_engine *engine)
{
    struct engine_marks *marks = rb_steal(&engine->marks);
    engine_drop_pins(engine);
    rb_planner_free(rb_steal(&engine->planner));
    rb_free(rb_steal(&engine->asking));
    rb_free(rb_steal(&engine->images_by_id));
    if (marks == NULL)
        return;
    rb_arena_free(marks->words);
    rb_free(marks->marked);
    rb_free(marks->list);
    rb_free(marks->users);
    rb_free(marks);
}

static void mark_named(struct rb_engine *engine, const char *subject)
{
    for (size_t i = 0; i < engine->image_count; i++) {
        const struct engine_image *image = &engine->images[i];
        if (strcmp(subject, "all") == 0 || strcmp(subject, image->name) == 0 ||
            strcmp(subject, image->pipeline->model->name) == 0)
            engine_mark_image(engine, image);
    }
}

static bool has_pause(const struct engine_words *words, const struct rb_pause_row *pause)
{
    for (size_t i = 0; i < words->pause_count; i++) {
        const struct rb_pause_row *other = &words->pauses[i];
        if (strcmp(other->subject, pause->subject) == 0)
            return strcmp(other->who, pause->who) == 0 && strcmp(other->why, pause->why) == 0;
    }
    return false;
}

static void mark_requested(struct rb_engine *engine, const struct engine_words *words)
{
    for (size_t i = 0; i < words->request_count; i++) {
        const struct engine_image *image = engine_image_by_id(engine, words->requests[i].image_id);
        if (image != NULL)
            engine_mark_image(engine, image);
    }
}

/* What was said and is not any more concerns as many as what is new. */
static void mark_by_words(struct rb_engine *engine, const struct engine_words *before,
                          const struct engine_words *now)
{
    for (size_t i = 0; i < before->pause_count; i++) {
        if (!has_pause(now, &before->pauses[i]))
            mark_named(engine, before->pauses[i].subject);
    }
    for (size_t i = 0; i < now->pause_count; i++) {
        if (!has_pause(before, &now->pauses[i]))
            mark_named(engine, now->pauses[i].subject);
    }
    mark_requested(engine, before);
    mark_requested(engine, now);
}

static int read_words(struct rb_engine *engine, struct rb_arena *arena,
                      struct engine_words *ret_words, struct rb_err *err)
{
    struct rb_pause_row *pauses;
    struct rb_request_row *requests;
    int status = rb_store_pauses(engine->store, arena, &pauses, &ret_words->pause_count, err);
    if (status == 0)
        status =
            rb_store_open_requests(engine->store, arena, &requests, &ret_words->request_count, err);
    if (status != 0)
        return status;
    ret_words->pauses = pauses;
    ret_words->requests = requests;
    return 0;
}

static void mark_by_advisories(struct rb_engine *engine)
{
    int64_t stamp = engine_advisories_stamp(engine);
    if (stamp == engine->advisories_stamp)
        return;
    engine->advisories_stamp = stamp;
    for (size_t i = 0; i < engine->image_count; i++) {
        if (engine_wants_fixes_alone(&engine->images[i]))
            engine_mark_image(engine, &engine->images[i]);
    }
}

static void mark_a_part(struct rb_engine *engine)
{
    struct engine_marks *marks = engine->marks;
    size_t part = engine->image_count / PLANNINGS_FOR_ALL + 1;
    part = part < FEWEST_LOOKED_AT ? FEWEST_LOOKED_AT : part;
    for (; part > 0 && engine->image_count > 0; part--) {
        engine_mark_image(engine, &engine->images[marks->looked_up_to]);
        marks->looked_up_to = (marks->looked_up_to + 1) % engine->image_count;
    }
}

int engine_find_marks(struct rb_engine *engine, const struct engine_words **ret_words,
                      const size_t **ret_marked, size_t *ret_count, struct rb_err *err)
{
    struct engine_marks *marks = engine->marks;
    struct rb_arena *arena = rb_arena_new();
    struct engine_words now = {0};
    int status = read_words(engine, arena, &now, err);
    if (status == 0)
        status = engine_read_pins(engine, err);
    if (status != 0) {
        rb_arena_free(arena);
        return status;
    }
    mark_by_words(engine, &marks->said, &now);
    rb_arena_free(marks->words);
    marks->words = arena;
    marks->said = now;
    mark_by_advisories(engine);
    mark_a_part(engine);
    *ret_words = &marks->said;
    *ret_marked = marks->list;
    *ret_count = marks->count;
    return 0;
}

bool engine_has_marks(const struct rb_engine *engine)
{
    return engine->marks->count > 0;
}

void engine_clear_marks(struct rb_engine *engine)
{
    struct engine_marks *marks = engine->marks;
    for (size_t i = 0; i < marks->count; i++)
        marks->marked[marks->list[i]] = false;
    marks->count = 0;
}
