/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's check. The version is the manifest that the platform would use, not the index that a
 * tag names: an index moves whenever any architecture is pushed. The tag's own digest is in the
 * memo, so that a tag that has not moved costs one HEAD.
 *
 *     a place ──▶ SURVEYING ──▶ SIGNATURES, where wanted ──▶ believed? ──▶ done
 *        ▲            │               │                        │
 *        └─ the next, if it fails ◀───┘                        └──▶ else the image's own registry
 *
 * The places are the mirrors in their order, and at last the image's own registry. What a mirror
 * says is believed
 * - of a digest: the bytes prove it;
 * - where it is what was known already, for a while after the image's own registry was asked;
 * - where it is new, was never seen before, and is signed.
 * All else the image's own registry must say too.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fetching.h"
#include "image_place.h"
#include "image_signature.h"
#include "image_survey.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"
#include "rebake/loop/timer.h"

enum { MIRROR_BELIEVED_MS = 60 * 60 * 1000 };

enum state { REFUSED, SURVEYING, SIGNATURES, DONE };

static const struct rb_state_table STATES = {
    .name = "image check",
    .count = 4,
    .states = {
        [REFUSED] = {"refused", RB_STATE_BIT(DONE)},
        [SURVEYING] = {"surveying",
                       RB_STATE_BIT(SURVEYING) | RB_STATE_BIT(SIGNATURES) | RB_STATE_BIT(DONE)},
        [SIGNATURES] = {"signatures", RB_STATE_BIT(SURVEYING) | RB_STATE_BIT(DONE)},
        [DONE] = {"done", 0},
    }};

/* What a place says. */
struct finding {
    char *tag; /* NULL for a digest, and where nothing was found */
    char digest[RB_DIGEST_SIZE];
    char manifest[RB_DIGEST_SIZE];
    bool is_signed; /* verified in this check */
    bool moved;     /* the place lives elsewhere, for ever */
};

struct image_check {
    const struct rb_watch_tools *tools;
    unsigned state;
    struct rb_image_plan plan;
    struct rb_image_memory known;
    size_t at; /* the place that is asked */
    struct finding found;
    struct finding unproven; /* what a mirror says, and no proof is there; digest "": nothing */
    struct rb_survey_run *survey;
    struct rb_signature_search *search;
    struct rb_timer *refusal; /* tells err, later */
    struct rb_err err;
    enum rb_trouble trouble;
    struct rb_http_cost cost;
    rb_check_cb *done;
    void *context;
};

static void free_check(struct image_check *check)
{
    rb_timer_free(check->refusal);
    rb_image_plan_deinit(&check->plan);
    rb_image_memory_deinit(&check->known);
    rb_free(check->found.tag);
    rb_free(check->unproven.tag);
    rb_free(check);
}

static void report(struct image_check *check, const struct rb_check_result *result,
                   const struct rb_err *error)
{
    struct rb_check_outcome outcome = rb_check_outcome_of(&check->cost);
    outcome.result = result;
    outcome.error = error;
    outcome.trouble = error != NULL        ? check->trouble
                      : check->found.moved ? RB_TROUBLE_MOVED
                                           : RB_TROUBLE_NONE;
    rb_state_move(&STATES, &check->state, DONE);
    check->done(check->context, &outcome);
    free_check(check);
}

static bool is_upstream(const struct image_check *check)
{
    return check->at + 1 == check->plan.place_count;
}

static bool is_known(const struct image_check *check, const struct finding *finding)
{
    return rb_text_equal(finding->digest, check->known.digest);
}

/* The check ends well, with what was found at the place that was asked last. */
static void succeed(struct image_check *check, const struct finding *finding, bool confirmed)
{
    int64_t confirmed_at =
        confirmed ? rb_clock_now(check->tools->clock) : check->known.confirmed_at;
    RB_CLEANUP_JSON json_t *memo =
        rb_image_memo(&check->plan, &check->known, finding->tag, finding->digest, confirmed_at);
    RB_CLEANUP_JSON json_t *detail = rb_json_object();
    rb_json_set_string(detail, "digest", finding->digest);
    rb_json_set_string(detail, "manifest", finding->manifest);
    rb_json_set_string(detail, "platform", check->plan.platform_shown);
    if (finding->tag != NULL)
        rb_json_set_string(detail, "tag", finding->tag);
    struct rb_check_result result = {
        .unchanged = rb_text_equal(finding->manifest, check->known.manifest),
        .version = finding->manifest,
        .detail = detail,
        .memo = memo,
    };
    report(check, &result, NULL);
}

static void ask(struct image_check *check);

static void ask_at(struct image_check *check, size_t place)
{
    check->at = place;
    rb_state_move(&STATES, &check->state, SURVEYING);
    ask(check);
}

/* The last place's failure is the check's, unless nothing more than that the known state is still
   there was to be confirmed. */
static void fail_place(struct image_check *check, const struct rb_err *error,
                       enum rb_trouble trouble)
{
    enum rb_trouble means = trouble != RB_TROUBLE_NONE ? trouble : rb_trouble_of(error);
    bool silent = means == RB_TROUBLE_UNREACHABLE || means == RB_TROUBLE_LIMITED;
    if (!is_upstream(check)) {
        ask_at(check, check->at + 1);
    } else if (silent && check->unproven.digest[0] != '\0' && is_known(check, &check->unproven)) {
        succeed(check, &check->unproven, false);
    } else {
        check->trouble = trouble;
        report(check, NULL, error);
    }
}

static bool is_believed(const struct image_check *check)
{
    const struct finding *found = &check->found;
    int64_t age_ms = rb_clock_now(check->tools->clock) - check->known.confirmed_at;
    if (is_upstream(check) || check->plan.digest != NULL)
        return true;
    if (is_known(check, found))
        return age_ms >= 0 && age_ms < MIRROR_BELIEVED_MS;
    return found->is_signed && !rb_image_memory_has(&check->known, found->digest);
}

static void judge(struct image_check *check)
{
    bool proven = is_upstream(check) || check->found.is_signed || check->plan.digest != NULL;
    if (is_believed(check)) {
        succeed(check, &check->found, proven);
        return;
    }
    rb_free(check->unproven.tag);
    check->unproven = check->found;
    check->found = (struct finding){0};
    ask_at(check, check->plan.place_count - 1);
}

static void on_signature(void *context, const struct rb_signature_answer *answer,
                         const struct rb_err *error)
{
    struct image_check *check = context;
    rb_http_cost_add(&check->cost, &answer->cost);
    if (error != NULL) {
        fail_place(check, error, RB_TROUBLE_NONE);
        return;
    }
    check->found.is_signed = true;
    judge(check);
}

/* What was found signed once stays so, as long as the keys are the same. */
static bool needs_signature(const struct image_check *check)
{
    const struct finding *found = &check->found, *unproven = &check->unproven;
    if (check->plan.keys == NULL ||
        (unproven->is_signed && rb_text_equal(unproven->digest, found->digest)))
        return false;
    return !is_known(check, found) || !rb_text_equal(check->plan.key_hash, check->known.key_hash);
}

static void look_for_signature(struct image_check *check)
{
    const struct finding *found = &check->found;
    const struct rb_signature_request request = {
        .reference = &check->plan.places[check->at],
        .keys = check->plan.keys,
        .digest = found->digest,
        .manifest_digest = rb_text_equal(found->digest, found->manifest) ? "" : found->manifest,
    };
    rb_state_move(&STATES, &check->state, SIGNATURES);
    rb_signature_search_start(check->tools->registry, &request, on_signature, check,
                              &check->search);
}

/* Of a digest that was known the manifest is known too. */
static const char *manifest_of(const struct image_check *check, const struct rb_survey *survey)
{
    if (survey->manifest_digest[0] != '\0')
        return survey->manifest_digest;
    return rb_text_equal(survey->digest, check->unproven.digest) ? check->unproven.manifest
                                                                 : check->known.manifest;
}

static void on_survey(void *context, const struct rb_survey *survey, const struct rb_err *error)
{
    struct image_check *check = context;
    struct finding *found = &check->found;
    rb_http_cost_add(&check->cost, &survey->cost);
    if (error != NULL) {
        fail_place(check, error, survey->backwards ? RB_TROUBLE_BACKWARDS : RB_TROUBLE_NONE);
        return;
    }
    rb_free(found->tag);
    *found = (struct finding){.tag = rb_strdup(survey->tag), .moved = survey->moved};
    memcpy(found->digest, survey->digest, RB_DIGEST_SIZE);
    (void)snprintf(found->manifest, RB_DIGEST_SIZE, "%s", manifest_of(check, survey));
    if (needs_signature(check))
        look_for_signature(check);
    else
        judge(check);
}

static void ask(struct image_check *check)
{
    const struct rb_survey_request request = {
        .place = &check->plan.places[check->at],
        .tag = check->plan.tag,
        .digest = check->plan.digest,
        .choice = check->plan.choice,
        .platform = &check->plan.platform,
        .known_digest =
            check->unproven.digest[0] != '\0' ? check->unproven.digest : check->known.digest,
        .known_tag = check->known.tag,
    };
    rb_survey_start(check->tools->registry, &request, on_survey, check, &check->survey);
}

static void refuse(void *context)
{
    struct image_check *check = context;
    struct rb_err err = check->err;
    report(check, NULL, &err);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    struct image_check *check = rb_zalloc(sizeof(*check));
    check->tools = tools;
    check->done = done;
    check->context = context;
    check->state = SURVEYING;
    rb_image_memory_read(request->memo, request->known_version, &check->known);
    if (rb_image_plan_make(&request->source->image, &check->plan, &check->trouble, &check->err) !=
        0) {
        check->state = REFUSED;
        check->refusal = rb_timer_new(tools->loop, refuse, check);
        rb_timer_start(check->refusal, 0, 0);
        return check;
    }
    ask(check);
    return check;
}

static void cancel(void *state)
{
    struct image_check *check = state;
    if (check->state == SURVEYING)
        rb_survey_cancel(check->survey);
    else if (check->state == SIGNATURES)
        rb_signature_search_cancel(check->search);
    free_check(check);
}

const struct rb_check_kind rb_check_image = {
    .start = start, .cancel = cancel, .fetch = rb_image_fetch_version};
