/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner driven through all orders of events that a small fleet can see, up to a depth: a
 * chain of three, and two images on one base. Each state is visited once. In each: at most one
 * build of an image is open, nothing is built without a reason, against a pause or without policy's
 * leave; and from each, when nothing new arrives, builds end well and policy allows, the fleet
 * comes to rest within a bound, each image fresh or telling rightly why not. A failure prints the
 * events that led there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/plan/plan.h"

enum {
    IMAGES = 3,
    DEPTH = 7,
    STATES_MAXIMUM = 1 << 18,
    TABLE_SIZE = 1 << 19,
    KEYS_MAXIMUM = 4096,
    ROUNDS = 40,
    NOW = 1000000000
};

enum open_state { NOT_OPEN, QUEUED, RUNNING };

/* Small numbers only, so that equal states are equal bytes. */
struct image {
    uint8_t tree, source_base;                           /* the newest */
    uint8_t built_tree, built_base;                      /* of the artifact */
    uint8_t artifact;                                    /* 0: none */
    uint8_t open, open_tree, open_base;                  /* enum open_state, and what it is for */
    uint16_t open_key, last_key, verdict_key, asked_key; /* 0: none */
    uint8_t last, attempt, rested; /* enum rb_plan_last; is its backoff over? */
    uint8_t verdict;               /* enum rb_plan_word */
    uint8_t paused, requested, open_requested, last_requested;
};

struct fleet {
    struct image images[IMAGES];
    uint8_t changes_left; /* of code, base, pauses and requests together */
};

/* How a state was reached. */
struct step {
    struct fleet fleet;
    int from; /* its place in the list; -1: the beginning */
    char event[24];
    int depth;
};

struct search {
    const int *bases; /* of each image; RB_PLAN_NO_BASE */
    struct step *steps;
    int count;
    int table[TABLE_SIZE]; /* place + 1 */
    char keys[KEYS_MAXIMUM][RB_SHA256_HEX_SIZE];
    int key_count;
    int at; /* the step that is looked at, for messages */
};

static void fail_here(const struct search *search, const char *what)
{
    char text[1024] = "";
    for (int at = search->at; at >= 0; at = search->steps[at].from) {
        char before[1024];
        memcpy(before, text, sizeof(before));
        (void)snprintf(text, sizeof(text), "%s; %.900s", search->steps[at].event, before);
    }
    fail_msg("%s, after: %s", what, text);
}

static uint16_t key_number(struct search *search, const char *key)
{
    if (key[0] == '\0')
        return 0;
    for (int i = 0; i < search->key_count; i++) {
        if (strcmp(search->keys[i], key) == 0)
            return (uint16_t)(i + 1);
    }
    assert_true(search->key_count < KEYS_MAXIMUM);
    memcpy(search->keys[search->key_count++], key, RB_SHA256_HEX_SIZE);
    return (uint16_t)search->key_count;
}

static const char *key_text(const struct search *search, uint16_t number)
{
    return number == 0 ? NULL : search->keys[number - 1];
}

static uint8_t base_of(const struct search *search, const struct fleet *fleet, int index)
{
    int base = search->bases[index];
    return base == RB_PLAN_NO_BASE ? fleet->images[index].source_base
                                   : fleet->images[base].artifact;
}

static const char *text_of(struct rb_arena *arena, const char *what, int number)
{
    return number == 0 ? NULL : rb_arena_printf(arena, "%s%d", what, number);
}

static void show(const struct search *search, const struct fleet *fleet, int index,
                 struct rb_arena *arena, struct rb_plan_image *shown)
{
    const struct image *image = &fleet->images[index];
    int base = search->bases[index];
    const char *base_word = base == RB_PLAN_NO_BASE ? "source" : "artifact";
    struct rb_plan_verdict *verdict = rb_arena_alloc(arena, sizeof(*verdict));
    *verdict = (struct rb_plan_verdict){.word = (enum rb_plan_word)image->verdict,
                                        .key = key_text(search, image->verdict_key),
                                        .cause = "policy",
                                        .waits_for = "approval"};
    *shown = (struct rb_plan_image){
        .name = rb_arena_printf(arena, "w/image%d", index),
        .base = base,
        .base_name = "base",
        .code_name = "code",
        .now = {"recipe",
                base == RB_PLAN_NO_BASE ? text_of(arena, base_word, image->source_base) : NULL,
                text_of(arena, "tree", image->tree)},
        .built = {"recipe", text_of(arena, base_word, image->built_base),
                  text_of(arena, "tree", image->built_tree)},
        .artifact_digest = text_of(arena, "artifact", image->artifact),
        .open_build = image->open == NOT_OPEN ? 0 : index + 1,
        .open_running = image->open == RUNNING,
        .open_key = key_text(search, image->open_key),
        .open_requested = image->open_requested,
        .last = (enum rb_plan_last)image->last,
        .last_key = key_text(search, image->last_key),
        .last_attempt = image->attempt,
        .last_finished_at = image->rested ? 1 : NOW,
        .last_request_who = image->last_requested ? "ann" : NULL,
        .request_who = image->requested ? "ann" : NULL,
        .paused_by = image->paused ? "bob: wait" : NULL,
        .ask_policy = true,
        .verdict = image->verdict_key == 0 ? NULL : verdict};
}

static void make_plan(const struct search *search, const struct fleet *fleet,
                      struct rb_arena *arena, struct rb_plan *ret_plan)
{
    struct rb_plan_image *shown = rb_arena_array(arena, IMAGES, sizeof(*shown));
    for (int i = 0; i < IMAGES; i++)
        show(search, fleet, i, arena, &shown[i]);
    struct rb_plan_snapshot snapshot = {NOW, shown, IMAGES};
    rb_plan_make(&snapshot, arena, ret_plan);
}

static void check_build(const struct search *search, const struct image *image,
                        const struct rb_plan_decision *decision)
{
    if (decision->build && image->open != NOT_OPEN)
        fail_here(search, "two builds of an image");
    if (decision->attempt > RB_PLAN_ATTEMPTS)
        fail_here(search, "more attempts than allowed");
    if (decision->reason_count == 0)
        fail_here(search, "a build without a reason");
    if (decision->build && image->paused)
        fail_here(search, "a build of a paused image");
    if (image->verdict_key == 0 || image->verdict != RB_PLAN_ALLOW ||
        strcmp(search->keys[image->verdict_key - 1], decision->input_key) != 0)
        fail_here(search, "a build that policy did not allow");
}

static void obey(struct search *search, struct fleet *fleet, int index,
                 const struct rb_plan_decision *decision)
{
    struct image *image = &fleet->images[index];
    if (decision->build || decision->replace) {
        check_build(search, image, decision);
        if (decision->build) {
            image->open = QUEUED;
            image->attempt = (uint8_t)decision->attempt;
        }
        image->open_requested = image->open_requested || image->requested ||
                                (image->last_requested && image->last != RB_LAST_GOOD);
        image->requested = false;
        image->open_key = key_number(search, decision->input_key);
        image->open_tree = image->tree;
        image->open_base = base_of(search, fleet, index);
    }
    if (decision->give_up != NULL) {
        image->open = NOT_OPEN;
        image->open_key = 0;
        image->open_tree = image->open_base = 0;
    }
    image->asked_key = decision->ask ? key_number(search, decision->input_key) : 0;
}

/* Plans and obeys until that changes nothing more. */
static void settle(struct search *search, struct fleet *fleet, struct rb_plan_decision *ret_last)
{
    for (int round = 0;; round++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct fleet before = *fleet;
        struct rb_plan plan;
        if (round > ROUNDS)
            fail_here(search, "planning does not come to rest");
        make_plan(search, fleet, arena, &plan);
        for (int i = 0; i < IMAGES; i++)
            obey(search, fleet, i, &plan.decisions[i]);
        for (int i = 0; i < IMAGES && ret_last != NULL; i++)
            ret_last[i] = plan.decisions[i];
        if (memcmp(&before, fleet, sizeof(before)) == 0)
            return;
    }
}

static void end_build(struct image *image, enum rb_plan_last last)
{
    image->last = (uint8_t)last;
    image->last_key = image->open_key;
    image->last_requested = image->open_requested;
    image->rested = false;
    if (last == RB_LAST_GOOD) {
        image->built_tree = image->open_tree;
        image->built_base = image->open_base;
        image->artifact = (uint8_t)((image->open_tree - 1) * 8 + image->open_base);
        image->attempt = 1;
    }
    image->open = NOT_OPEN;
    image->open_key = 0;
    image->open_tree = image->open_base = image->open_requested = 0;
}

static void answer(struct image *image, enum rb_plan_word word)
{
    image->verdict = (uint8_t)word;
    image->verdict_key = image->asked_key;
    image->asked_key = 0;
}

enum event {
    CODE_CHANGES,
    BASE_MOVES,
    PERSON_ASKS,
    PERSON_PAUSES,
    PERSON_RESUMES,
    BUILD_STARTS,
    BUILD_IS_GOOD,
    BUILD_FAILS,
    BUILD_FAILS_OUTSIDE,
    POLICY_ALLOWS,
    POLICY_HOLDS,
    POLICY_REFUSES,
    TIME_PASSES,
    EVENT_COUNT
};

static const char *const EVENTS[] = {
    "code",  "base",    "asked",   "paused", "resumed", "started", "good",
    "fails", "outside", "allowed", "held",   "refused", "time",
};
_Static_assert(RB_COUNT_OF(EVENTS) == EVENT_COUNT, "a name for each event");

/* False where it cannot happen. */
static bool happen(const struct search *search, struct fleet *fleet, int index, enum event event)
{
    struct image *image = &fleet->images[index];
    bool is_new = event <= PERSON_PAUSES;
    if (is_new && fleet->changes_left == 0)
        return false;
    fleet->changes_left = (uint8_t)(fleet->changes_left - is_new);
    switch (event) {
    case CODE_CHANGES:
        return image->tree++ == 1;
    case BASE_MOVES:
        return search->bases[index] == RB_PLAN_NO_BASE && image->source_base++ == 1;
    case PERSON_ASKS:
        return !image->requested && (image->requested = true);
    case PERSON_PAUSES:
        return !image->paused && (image->paused = true);
    case PERSON_RESUMES:
        return image->paused && !(image->paused = false);
    case BUILD_STARTS:
        return image->open == QUEUED && (image->open = RUNNING);
    case BUILD_IS_GOOD:
    case BUILD_FAILS:
    case BUILD_FAILS_OUTSIDE:
        if (image->open != RUNNING)
            return false;
        end_build(image, event == BUILD_IS_GOOD ? RB_LAST_GOOD
                         : event == BUILD_FAILS ? RB_LAST_FAILED
                                                : RB_LAST_TRANSIENT);
        return true;
    case POLICY_ALLOWS:
    case POLICY_HOLDS:
    case POLICY_REFUSES:
        if (image->asked_key == 0)
            return false;
        answer(image, event == POLICY_ALLOWS  ? RB_PLAN_ALLOW
                      : event == POLICY_HOLDS ? RB_PLAN_HOLD
                                              : RB_PLAN_REFUSE);
        return true;
    case TIME_PASSES:
        return image->last == RB_LAST_TRANSIENT && !image->rested && (image->rested = true);
    case EVENT_COUNT:
        break;
    }
    return false;
}

static bool is_current(const struct search *search, const struct fleet *fleet, int index)
{
    const struct image *image = &fleet->images[index];
    return image->artifact != 0 && image->built_tree == image->tree &&
           image->built_base == base_of(search, fleet, index);
}

static void check_rest(const struct search *search, const struct fleet *fleet,
                       const struct rb_plan_decision *decisions)
{
    for (int i = 0; i < IMAGES; i++) {
        const struct image *image = &fleet->images[i];
        bool good = false;
        switch (decisions[i].state) {
        case RB_PLAN_FRESH:
            good = is_current(search, fleet, i);
            break;
        case RB_PLAN_FAILED:
            good = image->last == RB_LAST_FAILED;
            break;
        case RB_PLAN_QUARANTINED:
            good = image->last == RB_LAST_TRANSIENT && image->attempt >= RB_PLAN_ATTEMPTS;
            break;
        case RB_PLAN_PAUSED:
            good = image->paused;
            break;
        case RB_PLAN_ON_HOLD:
            good = image->verdict == RB_PLAN_HOLD;
            break;
        case RB_PLAN_REFUSED:
            good = image->verdict == RB_PLAN_REFUSE;
            break;
        case RB_PLAN_BLOCKED:
            good = decisions[i].waits_for != NULL;
            break;
        case RB_PLAN_WAITING:
        case RB_PLAN_SETTLING:
        case RB_PLAN_STALE:
        case RB_PLAN_QUEUED:
        case RB_PLAN_BUILDING:
        case RB_PLAN_HELD:
        case RB_PLAN_BACKOFF:
        case RB_PLAN_UNRESOLVED:
        case RB_PLAN_DECIDING:
        case RB_PLAN_STATE_COUNT:
            break;
        }
        if (!good)
            fail_here(search, rb_plan_state_name(decisions[i].state));
    }
}

/* Nothing new arrives, and all that is under way ends well. */
static void check_convergence(struct search *search, struct fleet fleet)
{
    struct rb_plan_decision decisions[IMAGES];
    for (int round = 0;; round++) {
        bool moved = false;
        if (round > ROUNDS)
            fail_here(search, "the fleet does not come to rest");
        settle(search, &fleet, decisions);
        for (int i = 0; i < IMAGES; i++) {
            moved = happen(search, &fleet, i, POLICY_ALLOWS) || moved;
            moved = happen(search, &fleet, i, BUILD_IS_GOOD) || moved;
            moved = happen(search, &fleet, i, BUILD_STARTS) || moved;
            moved = happen(search, &fleet, i, TIME_PASSES) || moved;
        }
        if (!moved)
            break;
    }
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan plan;
    make_plan(search, &fleet, arena, &plan);
    check_rest(search, &fleet, plan.decisions);
}

static uint64_t hash_of(const struct fleet *fleet)
{
    const unsigned char *bytes = (const unsigned char *)fleet;
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < sizeof(*fleet); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Adds the state unless it is there. */
static void reach(struct search *search, const struct fleet *fleet, int from, int depth,
                  const char *event, int index)
{
    size_t at = (size_t)(hash_of(fleet) % TABLE_SIZE);
    for (; search->table[at] != 0; at = (at + 1) % TABLE_SIZE) {
        if (memcmp(&search->steps[search->table[at] - 1].fleet, fleet, sizeof(*fleet)) == 0)
            return;
    }
    assert_true(search->count < STATES_MAXIMUM);
    struct step *step = &search->steps[search->count++];
    step->fleet = *fleet;
    step->from = from;
    step->depth = depth;
    (void)snprintf(step->event, sizeof(step->event), "%s %d", event, index);
    search->table[at] = search->count;
}

static void look_further(struct search *search, int at)
{
    search->at = at;
    check_convergence(search, search->steps[at].fleet);
    if (search->steps[at].depth == DEPTH)
        return;
    for (int i = 0; i < IMAGES; i++) {
        for (enum event event = 0; event < EVENT_COUNT; event++) {
            struct fleet fleet = search->steps[at].fleet;
            if (!happen(search, &fleet, i, event))
                continue;
            settle(search, &fleet, NULL);
            reach(search, &fleet, at, search->steps[at].depth + 1, EVENTS[event], i);
        }
    }
}

static void explore(const int *bases, int changes)
{
    struct search *search = rb_zalloc(sizeof(*search));
    struct fleet fleet;
    memset(&fleet, 0, sizeof(fleet)); /* the padding too: states are compared as bytes */
    fleet.changes_left = (uint8_t)changes;
    search->bases = bases;
    search->steps = rb_calloc(STATES_MAXIMUM, sizeof(*search->steps));
    for (int i = 0; i < IMAGES; i++) {
        struct image *image = &fleet.images[i];
        image->tree = image->source_base = image->built_tree = 1;
        image->built_base = base_of(search, &fleet, i);
        image->artifact = image->built_base;
        image->last = RB_LAST_GOOD;
        image->attempt = 1;
    }
    reach(search, &fleet, -1, 0, "begin", 0);
    for (int at = 0; at < search->count; at++)
        look_further(search, at);
    print_message("%d states\n", search->count);
    assert_true(search->count > 1000);
    rb_free(search->steps);
    rb_free(search);
}

static void test_a_chain(void **state)
{
    (void)state;
    static const int bases[IMAGES] = {RB_PLAN_NO_BASE, 0, 1};
    explore(bases, 3);
}

static void test_two_on_one_base(void **state)
{
    (void)state;
    static const int bases[IMAGES] = {RB_PLAN_NO_BASE, 0, 0};
    explore(bases, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain),
        cmocka_unit_test(test_two_on_one_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
