/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exposures with a clock. What an image's artifact in force is exposed to is written down when the
 * artifact, or what is known of vulnerabilities, is another than before; then policy is asked by
 * when each is to be gone. One image at a time, apart from planning:
 *
 *   another artifact or advisories ──▶ written down ──▶ policy asked ──▶ deadlines written
 *   the next deadline's time       ──▶ due or breached: told once
 *
 * A pipeline without a policy has no deadlines, and nothing of it is written down.
 */
#include "exposures.h"

#include <string.h>

#include "deciding.h"
#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/exposures.h"
#include "vulnerabilities.h"

enum {
    NEXT_IMAGE_MS = 20,        /* between two images: planning and answering come first */
    LOOK_AGAIN_MS = 10 * 1000, /* whether there is another artifact */
    NO_ANSWER_AGAIN_MS = 60 * 1000,
    ASKED_AT_ONCE = 500 /* exposures in one question */
};

/* One image's exposures, of which policy is being asked. */
struct engine_exposures {
    struct rb_engine *engine;
    struct rb_timer *timer;
    struct rb_policy_question *question; /* under way, or NULL */
    int64_t image_id;                    /* that it is about */
    struct rb_arena *arena;              /* of rows */
    struct rb_exposure_row *rows;
    size_t row_count;
    size_t asked; /* of these, up to here */
    size_t asking;
};

static int64_t day_of(const struct rb_engine *engine)
{
    return rb_clock_now(engine->clock) / (INT64_C(24) * 3600 * 1000);
}

/* Each day anew: a waiver may be over, though nothing else has changed. */
static bool is_known(const struct rb_engine *engine, const struct engine_image *image,
                     int64_t stamp)
{
    return image->exposed_artifact == image->artifact_id && image->exposed_stamp == stamp &&
           image->exposed_day == day_of(engine);
}

static bool has_clock(const struct engine_image *image)
{
    return image->pipeline->policy != NULL && image->artifact_id != 0 && !image->stale;
}

static int write_down(struct rb_engine *engine, struct engine_image *image, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *open = engine_open_in_image(engine, image);
    struct rb_exposure_row *rows = rb_arena_array(arena, json_array_size(open), sizeof(*rows));
    size_t i;
    const json_t *advisory;
    json_array_foreach(open, i, advisory)
    {
        rows[i] =
            (struct rb_exposure_row){.advisory = rb_json_get_string(advisory, "id", ""),
                                     .severity = rb_json_get_string(advisory, "severity", "none"),
                                     .kev = rb_json_get_bool(advisory, "kev", false)};
    }
    return rb_store_set_exposures(engine->store, image->id, rows, json_array_size(open), err);
}

static json_t *make_input(const struct engine_exposures *exposures,
                          const struct engine_image *image)
{
    json_t *input = rb_json_object(), *vulnerability = rb_json_object(), *open = rb_json_array();
    rb_json_set_string(input, "subject", "exposure");
    rb_json_set_time(input, "now", rb_clock_now(exposures->engine->clock));
    rb_json_set_string(input, "pipeline", image->pipeline->model->name);
    rb_json_set_string(input, "name", image->name);
    for (size_t i = exposures->asked; i < exposures->asked + exposures->asking; i++) {
        const struct rb_exposure_row *row = &exposures->rows[i];
        json_t *advisory = rb_json_object();
        rb_json_set_string(advisory, "id", row->advisory);
        rb_json_set_string(advisory, "severity", row->severity);
        rb_json_set_bool(advisory, "kev", row->kev);
        rb_json_set_time(advisory, "since", row->since);
        rb_json_append(open, advisory);
    }
    rb_json_set(vulnerability, "open", open);
    rb_json_set(input, "vulnerability", vulnerability);
    return input;
}

/* A time of a server's that is none counts as none. */
static int64_t deadline_in(const json_t *deadlines, const struct rb_exposure_row *row,
                           int64_t of_all_at)
{
    const char *text = rb_json_get_string(deadlines, row->advisory, NULL);
    int64_t at = 0;
    if (deadlines == NULL)
        return of_all_at;
    return text != NULL && rb_time_parse(text, &at, NULL) == 0 ? at : 0;
}

static int take_answer(struct engine_exposures *exposures, const struct rb_policy_answer *answer,
                       struct rb_err *err)
{
    const json_t *deadlines = json_object_get(answer->json, "deadlines");
    struct rb_store *store = exposures->engine->store;
    int status = rb_store_begin(store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < exposures->asking; i++) {
        const struct rb_exposure_row *row = &exposures->rows[exposures->asked + i];
        int64_t at = deadline_in(deadlines, row, answer->deadline_at);
        if (at != row->deadline_at)
            status = rb_store_set_deadline(store, row->id, at, err);
    }
    if (status == 0)
        status = rb_store_commit(store, err);
    if (status != 0)
        rb_store_rollback(store);
    return status;
}

static void let_go(struct engine_exposures *exposures)
{
    rb_arena_free(rb_steal(&exposures->arena));
    exposures->rows = NULL;
    exposures->row_count = exposures->asked = exposures->asking = 0;
    exposures->image_id = 0;
}

static void answered(void *context, const struct rb_policy_answer *answer,
                     const struct rb_err *error)
{
    struct engine_exposures *exposures = context;
    struct engine_image *image = engine_image_by_id(exposures->engine, exposures->image_id);
    struct rb_err err;
    int64_t again_ms = NEXT_IMAGE_MS;
    exposures->question = NULL;
    if (image == NULL || answer == NULL || take_answer(exposures, answer, &err) != 0) {
        if (image != NULL) {
            rb_log(RB_LOG_WARNING, "policy did not say by when exposures are to be gone", "image",
                   image->name, "error", answer == NULL ? error->text : err.text, NULL);
            image->exposed_artifact = 0; /* to be asked again */
        }
        again_ms = NO_ANSWER_AGAIN_MS;
        let_go(exposures);
    } else {
        exposures->asked += exposures->asking;
    }
    rb_timer_start(exposures->timer, again_ms, 0);
}

/* The next part of the image's exposures; false where all are asked about. */
static bool ask(struct engine_exposures *exposures)
{
    const struct engine_image *image = engine_image_by_id(exposures->engine, exposures->image_id);
    size_t left = exposures->row_count - exposures->asked;
    if (image == NULL || left == 0)
        return false;
    exposures->asking = left < ASKED_AT_ONCE ? left : ASKED_AT_ONCE;
    RB_CLEANUP_JSON json_t *input = make_input(exposures, image);
    rb_policy_ask(image->pipeline->policy, input, answered, exposures, &exposures->question);
    return true;
}

/* Brings one image's rows up to date. */
static int begin(struct engine_exposures *exposures, struct engine_image *image, int64_t stamp,
                 struct rb_err *err)
{
    struct rb_engine *engine = exposures->engine;
    int status = write_down(engine, image, err);
    if (status != 0)
        return status;
    exposures->arena = rb_arena_new();
    exposures->image_id = image->id;
    status = rb_store_exposures(engine->store, image->id, exposures->arena, &exposures->rows,
                                &exposures->row_count, err);
    if (status != 0)
        return status;
    image->exposed_artifact = image->artifact_id;
    image->exposed_stamp = stamp;
    image->exposed_day = day_of(engine);
    return 0;
}

static struct engine_image *find_unknown(struct rb_engine *engine, int64_t stamp)
{
    for (size_t i = 0; i < engine->image_count; i++) {
        struct engine_image *image = &engine->images[i];
        if (has_clock(image) && !is_known(engine, image, stamp))
            return image;
    }
    return NULL;
}

/* Until the next deadline, or the next look at what has changed. */
static int64_t rest_ms(struct rb_engine *engine)
{
    struct rb_err err;
    int64_t next_at = 0;
    if (rb_store_watch_deadlines(engine->store, &next_at, &err) != 0) {
        rb_log(RB_LOG_ERROR, "deadlines could not be looked at", "error", err.text, NULL);
        return LOOK_AGAIN_MS;
    }
    int64_t until_ms = next_at - rb_clock_now(engine->clock);
    if (next_at == 0 || until_ms > LOOK_AGAIN_MS)
        return LOOK_AGAIN_MS;
    return until_ms > NEXT_IMAGE_MS ? until_ms : NEXT_IMAGE_MS;
}

static void look(void *context)
{
    struct engine_exposures *exposures = context;
    struct rb_engine *engine = exposures->engine;
    struct rb_err err;
    if (ask(exposures))
        return;
    let_go(exposures);
    int64_t stamp = engine_known_stamp(engine), again_ms = NEXT_IMAGE_MS;
    struct engine_image *image = find_unknown(engine, stamp);
    if (image == NULL) {
        again_ms = rest_ms(engine);
    } else if (begin(exposures, image, stamp, &err) != 0) {
        rb_log(RB_LOG_ERROR, "exposures could not be written down", "image", image->name, "error",
               err.text, NULL);
        again_ms = LOOK_AGAIN_MS;
    }
    rb_timer_start(exposures->timer, again_ms, 0);
}

struct engine_exposures *engine_exposures_new(struct rb_engine *engine)
{
    struct engine_exposures *exposures = rb_zalloc(sizeof(*exposures));
    exposures->engine = engine;
    exposures->timer = rb_timer_new(engine->loop, look, exposures);
    return exposures;
}

void engine_exposures_free(struct engine_exposures *exposures)
{
    if (exposures == NULL)
        return;
    engine_exposures_pause(exposures);
    rb_timer_free(exposures->timer);
    rb_free(exposures);
}

void engine_exposures_pause(struct engine_exposures *exposures)
{
    if (exposures->question != NULL)
        rb_policy_question_cancel(exposures->question);
    exposures->question = NULL;
    let_go(exposures);
    rb_timer_stop(exposures->timer);
}

void engine_exposures_go_on(struct engine_exposures *exposures)
{
    rb_timer_start(exposures->timer, NEXT_IMAGE_MS, 0);
}
