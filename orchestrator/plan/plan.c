/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every image is decided once, its base before it. What a child must know of its base is two
 * things: whether the base moves on by itself (then the child waits for it), and whether a change
 * is stuck at an image below (then the child tells where).
 */
#include "rebake/plan/plan.h"

#include <string.h>

#include "plan_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const int64_t FIRST_DELAY_MS = 30 * 1000, LONGEST_DELAY_MS = 3600 * 1000;
enum { DELAY_FACTOR = 4 };

/* One image while it is decided. */
struct subject {
    int index;
    const struct rb_plan_image *image;
    struct rb_plan_decision *decision;
    const struct rb_plan_image *base;  /* NULL: built from a source */
    const struct plan_progress *below; /* the base's; NULL likewise */
    size_t remaining_count;
};

const char *rb_plan_state_name(enum rb_plan_state state)
{
    static const char *const NAMES[] = {
        "waiting",  "fresh",   "settling", "stale",       "queued",     "building",
        "held",     "blocked", "backoff",  "failed",      "unresolved", "paused",
        "deciding", "on-hold", "refused",  "quarantined",
    };
    _Static_assert(RB_COUNT_OF(NAMES) == RB_PLAN_STATE_COUNT, "a name for each state");
    RB_ASSERT(state < RB_PLAN_STATE_COUNT);
    return NAMES[state];
}

int64_t rb_plan_retry_at(int64_t finished_at, int attempt)
{
    int64_t delay_ms = FIRST_DELAY_MS;
    for (int i = 1; i < attempt && delay_ms < LONGEST_DELAY_MS; i++)
        delay_ms *= DELAY_FACTOR;
    return finished_at + (delay_ms < LONGEST_DELAY_MS ? delay_ms : LONGEST_DELAY_MS);
}

/* A start that lies ahead is that of a clock which has gone back since: waiting for it could take
   for ever. */
static bool is_between(int64_t start_at, int64_t now_at, int64_t end_at)
{
    return start_at <= now_at && now_at < end_at;
}

/* A pause stops nothing that a person forces. */
static bool is_paused(const struct rb_plan_image *image)
{
    return image->paused_by != NULL && !image->request_force;
}

/* What an image that is stuck at this one is told of it. */
static const char *trouble_of(const struct rb_plan_image *image, enum rb_plan_state state)
{
    if (state == RB_PLAN_FAILED)
        return image->last == RB_LAST_CANCELED ? "was canceled" : "failed";
    if (state == RB_PLAN_QUARANTINED)
        return "is quarantined";
    if (state == RB_PLAN_ON_HOLD || state == RB_PLAN_REFUSED)
        return state == RB_PLAN_ON_HOLD ? "is on hold" : "is refused by policy";
    return image->paused_by != NULL ? "is paused" : "has no artifact";
}

static enum rb_plan_state blocked(const struct plan_work *work, struct rb_plan_decision *decision,
                                  int culprit, const char *trouble)
{
    const struct rb_plan_image *image = &work->images[culprit];
    decision->cause =
        rb_arena_printf(work->arena, "its base cannot be rebuilt: %s %s", image->name, trouble);
    decision->waits_for = image->name;
    return RB_PLAN_BLOCKED;
}

static enum rb_plan_state held(const struct plan_work *work, const struct subject *subject)
{
    subject->decision->cause =
        rb_arena_printf(work->arena, "its base %s is %s", subject->base->name,
                        rb_plan_state_name(subject->below->state));
    subject->decision->waits_for = subject->base->name;
    return RB_PLAN_HELD;
}

static enum rb_plan_state failed(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    struct rb_plan_decision *decision = subject->decision;
    const char *how = "its last build failed";
    if (image->last == RB_LAST_CANCELED)
        how = "its last build was canceled";
    const char *culprit = "";
    if (image->last == RB_LAST_FAILED)
        culprit = plan_find_culprit(image, decision, work->arena, &decision->trial);
    if (decision->trial != NULL && image->paused_by == NULL) {
        decision->build = true;
        return RB_PLAN_STALE;
    }
    decision->trial = NULL;
    decision->cause =
        rb_arena_printf(work->arena, "%s; waits for a changed input or a request%s", how, culprit);
    return RB_PLAN_FAILED;
}

static enum rb_plan_state quarantined(const struct plan_work *work, const struct subject *subject)
{
    subject->decision->cause =
        rb_arena_printf(work->arena,
                        "its build failed %d times for causes outside of it; waits for a changed "
                        "input or a request",
                        subject->image->last_attempt);
    return RB_PLAN_QUARANTINED;
}

static enum rb_plan_state unresolved(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_decision *decision = subject->decision;
    const struct rb_plan_reason *first = &decision->reasons[0];
    const struct rb_plan_image *image = subject->image;
    char time[RB_TIME_TEXT_SIZE];
    int64_t again_at = image->last_finished_at + image->retry_unresolved_ms;
    const char *more = decision->reason_count == 1 ? ""
                                                   : rb_arena_printf(work->arena, " and %zu more",
                                                                     decision->reason_count - 1);
    const char *again = "";
    if (image->retry_unresolved_ms > 0) {
        subject->decision->wake_at = again_at;
        again = rb_arena_printf(work->arena, ", or until %s", rb_time_format(again_at, time));
    }
    subject->decision->cause =
        rb_arena_printf(work->arena, "a rebuild did not cure %s %s%s; waits for a changed input%s",
                        rb_plan_reason_kind_name(first->kind), first->subject, more, again);
    return RB_PLAN_UNRESOLVED;
}

static enum rb_plan_state backing_off(const struct plan_work *work, const struct subject *subject,
                                      int64_t retry_at)
{
    char time[RB_TIME_TEXT_SIZE];
    subject->decision->wake_at = retry_at;
    subject->decision->cause = rb_arena_printf(
        work->arena, "attempt %d of %d failed for a cause outside of it; next at %s",
        subject->image->last_attempt, RB_PLAN_ATTEMPTS, rb_time_format(retry_at, time));
    return RB_PLAN_BACKOFF;
}

/* When it has settled: nothing has changed for so long, or it has waited for that long enough. */
static int64_t settled_at(const struct plan_work *work, const struct rb_plan_image *image)
{
    int64_t quiet_at = image->changed_at + image->settle_ms;
    int64_t latest_at = image->settling_since + image->at_most_ms;
    bool is_limited =
        image->at_most_ms > 0 && image->settling_since > 0 && image->settling_since <= work->now_at;
    return is_limited && latest_at < quiet_at ? latest_at : quiet_at;
}

static enum rb_plan_state settling(const struct plan_work *work, const struct subject *subject,
                                   int64_t until_at)
{
    char span[RB_TIME_TEXT_SIZE], time[RB_TIME_TEXT_SIZE];
    subject->decision->wake_at = until_at;
    subject->decision->cause = rb_arena_printf(
        work->arena, "waits until nothing has changed for %s, at %s",
        rb_span_format(subject->image->settle_ms, span), rb_time_format(until_at, time));
    return RB_PLAN_SETTLING;
}

/* Without reasons of its own, an image still tells of a change that is on its way to it. */
static enum rb_plan_state without_reasons(const struct plan_work *work,
                                          const struct subject *subject)
{
    if (subject->below != NULL && subject->below->moves)
        return held(work, subject);
    if (subject->below != NULL && subject->below->stuck_at != PLAN_NOBODY)
        return blocked(work, subject->decision, subject->below->stuck_at,
                       subject->below->stuck_how);
    return RB_PLAN_FRESH;
}

static enum rb_plan_state without_base(const struct plan_work *work, const struct subject *subject)
{
    if (subject->below->moves)
        return held(work, subject);
    if (subject->below->stuck_at == PLAN_NOBODY)
        return blocked(work, subject->decision, subject->image->base, subject->below->trouble);
    return blocked(work, subject->decision, subject->below->stuck_at, subject->below->stuck_how);
}

/* What policy says of just these inputs; NULL: it is to be asked. One whose time is over says no
 * more.
 */
static const struct rb_plan_verdict *find_verdict(const struct plan_work *work,
                                                  const struct subject *subject)
{
    static const struct rb_plan_verdict NOBODY_MINDS = {.word = RB_PLAN_ALLOW};
    const struct rb_plan_image *image = subject->image;
    const struct rb_plan_verdict *verdict = image->verdict;
    if (!image->ask_policy)
        return &NOBODY_MINDS;
    if (verdict == NULL || !rb_text_equal(verdict->key, subject->decision->input_key))
        return NULL;
    bool is_over = verdict->until_at != 0 && verdict->until_at <= work->now_at;
    return is_over ? NULL : verdict;
}

static enum rb_plan_state deciding(const struct subject *subject)
{
    subject->decision->cause = "policy is asked";
    subject->decision->waits_for = "policy";
    return RB_PLAN_DECIDING;
}

static enum rb_plan_state not_allowed(const struct subject *subject,
                                      const struct rb_plan_verdict *verdict)
{
    subject->decision->cause = verdict->cause;
    if (verdict->word == RB_PLAN_REFUSE)
        return RB_PLAN_REFUSED;
    subject->decision->waits_for = verdict->waits_for;
    subject->decision->wake_at = verdict->until_at;
    return RB_PLAN_ON_HOLD;
}

/* What would start now; pause, base, time and policy may still say no. Policy is asked before its
   answer is needed: only it knows what is urgent. */
static enum rb_plan_state to_be_built(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    struct rb_plan_decision *decision = subject->decision;
    int64_t now_at = work->now_at;
    int64_t retry_at = rb_plan_retry_at(image->last_finished_at, image->last_attempt);
    if (is_paused(image)) {
        decision->cause = rb_arena_printf(work->arena, "paused by %s", image->paused_by);
        return RB_PLAN_PAUSED;
    }
    const struct rb_plan_verdict *verdict = find_verdict(work, subject);
    bool urgent = verdict != NULL && verdict->word == RB_PLAN_ALLOW && verdict->urgent;
    decision->ask = verdict == NULL;
    if (subject->below != NULL && subject->below->moves && !urgent)
        return held(work, subject);
    if (decision->attempt > 1 && is_between(image->last_finished_at, now_at, retry_at))
        return backing_off(work, subject, retry_at);
    int64_t until_at = settled_at(work, image);
    if (!plan_is_requested(image) && !urgent && is_between(image->changed_at, now_at, until_at))
        return settling(work, subject, until_at);
    if (verdict == NULL)
        return deciding(subject);
    bool is_forced = image->request_force && verdict->word == RB_PLAN_HOLD;
    if (verdict->word != RB_PLAN_ALLOW && !is_forced)
        return not_allowed(subject, verdict);
    decision->build = true;
    return RB_PLAN_STALE;
}

/* The image has reasons: what did its last build already say about them? */
static enum rb_plan_state with_reasons(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    struct rb_plan_decision *decision = subject->decision;
    bool tried = image->request_who == NULL && rb_text_equal(image->last_key, decision->input_key);
    bool again = image->retry_unresolved_ms > 0 &&
                 !is_between(image->last_finished_at, work->now_at,
                             image->last_finished_at + image->retry_unresolved_ms);
    bool uncured = subject->remaining_count == decision->reason_count ||
                   (tried && image->last == RB_LAST_UNRESOLVED);
    decision->attempt = 1;
    if (uncured)
        return again ? to_be_built(work, subject) : unresolved(work, subject);
    if (!tried || image->last == RB_LAST_NONE)
        return to_be_built(work, subject);
    if (image->last == RB_LAST_GOOD)
        return unresolved(work, subject);
    if (image->last != RB_LAST_TRANSIENT)
        return failed(work, subject);
    if (image->last_attempt >= RB_PLAN_ATTEMPTS)
        return quarantined(work, subject);
    decision->attempt = image->last_attempt + 1;
    return to_be_built(work, subject);
}

/* What a queued build is for has changed. One that a person asked for is not given up. */
static void change_queued(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    struct rb_plan_decision *decision = subject->decision;
    const struct rb_plan_verdict *verdict = find_verdict(work, subject);
    bool keeps = image->open_requested || image->request_who != NULL;
    if (decision->reason_count == 0) {
        decision->give_up = keeps ? NULL : "what it was for is gone";
        return;
    }
    decision->ask = verdict == NULL;
    if (verdict == NULL)
        return;
    bool waits = subject->below != NULL && subject->below->moves && !verdict->urgent;
    decision->attempt = 1;
    decision->replace = verdict->word == RB_PLAN_ALLOW && (keeps || !waits);
    if (!keeps && verdict->word != RB_PLAN_ALLOW)
        decision->give_up = "policy does not allow its newer inputs";
    else if (!keeps && waits)
        decision->give_up = "its base is to be rebuilt first";
}

static void change_running(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    const struct rb_plan_verdict *verdict = find_verdict(work, subject);
    if (subject->decision->reason_count == 0)
        return;
    subject->decision->ask = verdict == NULL;
    if (verdict != NULL && verdict->word == RB_PLAN_ALLOW && verdict->replaces_running &&
        !image->open_requested && image->given_up < RB_PLAN_GIVEN_UP_MAXIMUM)
        subject->decision->give_up = "its inputs have changed";
}

static enum rb_plan_state with_open_build(const struct plan_work *work,
                                          const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    bool is_current =
        image->open_key == NULL || rb_text_equal(image->open_key, subject->decision->input_key);
    bool has_base = subject->base == NULL || subject->base->artifact_digest != NULL;
    subject->decision->waits_for =
        rb_arena_printf(work->arena, "build:%lld", (long long)image->open_build);
    if (!is_current && image->missing == NULL && has_base && !is_paused(image)) {
        if (image->open_running)
            change_running(work, subject);
        else
            change_queued(work, subject);
    }
    return image->open_running ? RB_PLAN_BUILDING : RB_PLAN_QUEUED;
}

static enum rb_plan_state find_state(const struct plan_work *work, const struct subject *subject)
{
    const struct rb_plan_image *image = subject->image;
    struct rb_plan_decision *decision = subject->decision;
    if (image->open_build != 0)
        return with_open_build(work, subject);
    if (image->missing != NULL) {
        decision->cause = rb_arena_printf(work->arena, "%s has no version yet", image->missing);
        decision->waits_for = image->missing;
        return RB_PLAN_WAITING;
    }
    if (subject->base != NULL && subject->base->artifact_digest == NULL)
        return without_base(work, subject);
    if (decision->reason_count == 0)
        return without_reasons(work, subject);
    return with_reasons(work, subject);
}

static bool moves_by_itself(enum rb_plan_state state)
{
    switch (state) {
    case RB_PLAN_WAITING:
    case RB_PLAN_SETTLING:
    case RB_PLAN_STALE:
    case RB_PLAN_QUEUED:
    case RB_PLAN_BUILDING:
    case RB_PLAN_HELD:
    case RB_PLAN_BACKOFF:
    case RB_PLAN_DECIDING:
        return true;
    case RB_PLAN_FRESH:
    case RB_PLAN_BLOCKED:
    case RB_PLAN_FAILED:
    case RB_PLAN_QUARANTINED:
    case RB_PLAN_UNRESOLVED:
    case RB_PLAN_PAUSED:
    case RB_PLAN_ON_HOLD:
    case RB_PLAN_REFUSED:
    case RB_PLAN_STATE_COUNT:
        break;
    }
    return false;
}

/* A change of its own waits for somebody's word. */
static bool waits_for_a_word(enum rb_plan_state state)
{
    return state == RB_PLAN_PAUSED || state == RB_PLAN_ON_HOLD || state == RB_PLAN_REFUSED;
}

/* Is there more than a person's wish to build the same again? */
static bool has_change(const struct rb_plan_decision *decision)
{
    return decision->reason_count > 0 && decision->reasons[0].kind != RB_REASON_MANUAL;
}

static struct plan_progress find_progress(const struct subject *subject)
{
    static const struct plan_progress GROUND = {.stuck_at = PLAN_NOBODY};
    const struct plan_progress *below = subject->below != NULL ? subject->below : &GROUND;
    const struct rb_plan_decision *decision = subject->decision;
    struct plan_progress progress = {.state = decision->state,
                                     .trouble = trouble_of(subject->image, decision->state),
                                     .decided = true,
                                     .stuck_at = PLAN_NOBODY};
    bool paused = is_paused(subject->image);
    progress.moves = subject->image->open_build != 0 ||
                     (!paused && (below->moves || moves_by_itself(decision->state)));
    if (progress.moves)
        return progress;
    bool has_failed = decision->state == RB_PLAN_FAILED || decision->state == RB_PLAN_QUARANTINED;
    bool stuck_here = (has_failed && has_change(decision)) || waits_for_a_word(decision->state) ||
                      (paused && below->moves);
    progress.stuck_at = stuck_here ? subject->index : below->stuck_at;
    progress.stuck_how = stuck_here ? progress.trouble : below->stuck_how;
    return progress;
}

bool plan_changes_open(const struct rb_plan_decision *decision)
{
    return decision->replace || decision->give_up != NULL;
}

bool plan_is_seen_alike(const struct plan_progress *a, const struct plan_progress *b)
{
    return a->state == b->state && a->moves == b->moves && a->stuck_at == b->stuck_at &&
           rb_text_equal(a->stuck_how, b->stuck_how) && rb_text_equal(a->trouble, b->trouble);
}

void plan_decide(const struct plan_work *work, int index)
{
    const struct rb_plan_image *image = &work->images[index];
    struct rb_plan_decision *decision = &work->decisions[index];
    struct subject subject = {.index = index, .image = image, .decision = decision};
    struct plan_reasons reasons;
    *decision = (struct rb_plan_decision){.base_digest = image->now.base_digest, .cause = ""};
    if (image->base != RB_PLAN_NO_BASE) {
        subject.base = &work->images[image->base];
        subject.below = &work->progress[image->base];
        decision->base_digest = subject.base->artifact_digest;
    }
    plan_find_reasons(image, decision->base_digest, work->arena, &reasons);
    decision->reasons = reasons.items;
    decision->reason_count = reasons.count;
    subject.remaining_count = reasons.remaining_count;
    if (reasons.count > 0)
        plan_input_key(image, decision->base_digest, work->hash, decision->input_key);
    decision->state = find_state(work, &subject);
    work->progress[index] = find_progress(&subject);
}

static int64_t sooner(const struct plan_work *work, int64_t at, int64_t soonest_at)
{
    bool is_ahead = at > work->now_at;
    return is_ahead && (soonest_at == 0 || at < soonest_at) ? at : soonest_at;
}

int64_t plan_next_look_at(const struct plan_work *work, int index)
{
    const struct rb_plan_image *image = &work->images[index];
    if (work->decisions[index].reason_count == 0)
        return 0;
    int64_t at = sooner(work, image->changed_at, 0);
    at = sooner(work, image->changed_at + image->settle_ms, at);
    at = sooner(work, image->settling_since, at);
    at = sooner(work, image->settling_since + image->at_most_ms, at);
    if (image->last != RB_LAST_NONE) {
        at = sooner(work, image->last_finished_at, at);
        at = sooner(work, rb_plan_retry_at(image->last_finished_at, image->last_attempt), at);
        at = sooner(work, image->last_finished_at + image->retry_unresolved_ms, at);
    }
    return image->verdict == NULL ? at : sooner(work, image->verdict->until_at, at);
}

/* Walks down to the first base that is decided, then decides upwards. */
static void decide_with_bases(const struct plan_work *work, int index, int *path)
{
    size_t depth = 0;
    while (index != RB_PLAN_NO_BASE && !work->progress[index].decided) {
        RB_ASSERT(depth < work->image_count); /* else the bases form a cycle */
        path[depth++] = index;
        index = work->images[index].base;
    }
    while (depth > 0)
        plan_decide(work, path[--depth]);
}

void rb_plan_make(const struct rb_plan_snapshot *snapshot, struct rb_arena *arena,
                  struct rb_plan *ret_plan)
{
    size_t count = snapshot->image_count;
    RB_CLEANUP_FREE struct plan_progress *progress = rb_calloc(count, sizeof(*progress));
    RB_CLEANUP_FREE int *path = rb_calloc(count, sizeof(*path));
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    struct plan_work work = {.images = snapshot->images,
                             .image_count = count,
                             .now_at = snapshot->now_at,
                             .arena = arena,
                             .hash = hash,
                             .decisions =
                                 rb_arena_array(arena, count, sizeof(struct rb_plan_decision)),
                             .progress = progress};
    *ret_plan = (struct rb_plan){.decisions = work.decisions, .count = count};
    for (size_t i = 0; i < count; i++)
        decide_with_bases(&work, (int)i, path);
    for (size_t i = 0; i < count; i++) {
        const struct rb_plan_decision *decision = &work.decisions[i];
        ret_plan->build_count += decision->build;
        ret_plan->ask_count += decision->ask;
        ret_plan->change_count += plan_changes_open(decision);
        if (decision->wake_at != 0 &&
            (ret_plan->wake_at == 0 || decision->wake_at < ret_plan->wake_at))
            ret_plan->wake_at = decision->wake_at;
    }
}
