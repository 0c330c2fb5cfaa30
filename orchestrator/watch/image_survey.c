/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     start ──a policy──▶ LISTING ──the newest tag──▶ RESOLVING ──▶ done
 *        └──a tag or a digest──────────────────────────▲
 */
#include "image_survey.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/loop/state.h"

enum state { LISTING, RESOLVING, DONE };

static const struct rb_state_table STATES = {
    .name = "image survey",
    .count = 3,
    .states = {[LISTING] = {"listing", RB_STATE_BIT(RESOLVING) | RB_STATE_BIT(DONE)},
               [RESOLVING] = {"resolving", RB_STATE_BIT(DONE)},
               [DONE] = {"done", 0}}};

struct rb_survey_run {
    struct rb_registry *registry;
    struct rb_reference reference; /* of what is resolved */
    char *os, *architecture, *variant;
    char *known_digest;
    char *known_tag;
    const struct rb_tag_choice *choice;
    rb_survey_cb *done;
    void *context;
    unsigned state;
    struct rb_image_tags_read *listing;
    struct rb_registry_request *resolving;
    struct rb_survey survey;
};

static void free_run(struct rb_survey_run *run)
{
    rb_reference_deinit(&run->reference);
    rb_free(run->os);
    rb_free(run->architecture);
    rb_free(run->variant);
    rb_free(run->known_digest);
    rb_free(run->known_tag);
    rb_free(run);
}

static void finish(struct rb_survey_run *run, const struct rb_err *error)
{
    rb_state_move(&STATES, &run->state, DONE);
    run->survey.tag = error == NULL ? run->reference.tag : NULL;
    run->done(run->context, &run->survey, error);
    free_run(run);
}

static void on_resolved(void *context, const struct rb_resolved *resolved,
                        const struct rb_err *error)
{
    struct rb_survey_run *run = context;
    rb_http_cost_add(&run->survey.cost, &resolved->cost);
    run->survey.moved = resolved->moved;
    memcpy(run->survey.digest, resolved->digest, RB_DIGEST_SIZE);
    memcpy(run->survey.manifest_digest, resolved->manifest_digest, RB_DIGEST_SIZE);
    finish(run, error);
}

static void resolve(struct rb_survey_run *run)
{
    const struct rb_platform platform = {run->os, run->architecture, run->variant};
    rb_registry_resolve(run->registry, &run->reference, &platform, run->known_digest, on_resolved,
                        run, &run->resolving);
}

static int take_tags(struct rb_survey_run *run, const struct rb_image_tags *tags,
                     struct rb_err *err)
{
    const struct rb_reference *place = &run->reference;
    if (tags->best == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "tags of %s/%s: none of the %zu is one that counts",
                          place->registry, place->repository, tags->count);
    bool comparable = run->known_tag != NULL && rb_tag_choice_counts(run->choice, run->known_tag);
    run->survey.backwards =
        comparable && rb_tag_choice_compare(run->choice, tags->best, run->known_tag) < 0;
    if (run->survey.backwards)
        return rb_err_set(err, RB_EVERIFY,
                          "tags of %s/%s: the newest is %s, and it was %s before: not followed",
                          place->registry, place->repository, tags->best, run->known_tag);
    run->reference.tag = rb_strdup(tags->best);
    return 0;
}

static void on_tags(void *context, const struct rb_image_tags *tags, const struct rb_err *error)
{
    struct rb_survey_run *run = context;
    struct rb_err err;
    rb_http_cost_add(&run->survey.cost, &tags->cost);
    int status = error != NULL ? rb_err_copy(&err, error) : take_tags(run, tags, &err);
    if (status != 0) {
        finish(run, &err);
        return;
    }
    rb_state_move(&STATES, &run->state, RESOLVING);
    resolve(run);
}

void rb_survey_start(struct rb_registry *registry, const struct rb_survey_request *request,
                     rb_survey_cb *done, void *context, struct rb_survey_run **ret_run)
{
    struct rb_survey_run *run = rb_zalloc(sizeof(*run));
    run->registry = registry;
    run->reference.registry = rb_strdup(request->place->registry);
    run->reference.repository = rb_strdup(request->place->repository);
    run->reference.tag = rb_strdup(request->tag);
    run->reference.digest = rb_strdup(request->digest);
    run->os = rb_strdup(request->platform->os);
    run->architecture = rb_strdup(request->platform->architecture);
    run->variant = rb_strdup(request->platform->variant);
    run->known_digest = rb_strdup(request->known_digest);
    run->known_tag = rb_strdup(request->known_tag);
    run->choice = request->choice;
    run->done = done;
    run->context = context;
    run->state = request->choice != NULL ? LISTING : RESOLVING;
    if (request->choice != NULL)
        rb_image_tags_start(registry, request->place, request->choice, on_tags, run, &run->listing);
    else
        resolve(run);
    *ret_run = run;
}

void rb_survey_cancel(struct rb_survey_run *run)
{
    if (run->state == LISTING)
        rb_image_tags_cancel(run->listing);
    else
        rb_registry_cancel(run->resolving);
    free_run(run);
}
