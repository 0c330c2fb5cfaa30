/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"

enum { START_AT = 1000000, SECOND = 1000, ONE_IN_BAD_KEYS = 10 };

static const char *const PACKAGES[WORLD_PACKAGES] = {"bash", "perl", "tar"};

static bool one_in(struct world *world, uint64_t count)
{
    return rb_random_below(&world->random, count) == 0;
}

static int below(struct world *world, int limit)
{
    return (int)rb_random_below(&world->random, (uint64_t)limit);
}

static struct world_image *any_image(struct world *world)
{
    return &world->images[below(world, world->image_count)];
}

static void add_image(struct world *world)
{
    int index = world->image_count++;
    struct world_image *image = &world->images[index];
    (void)snprintf(image->name, sizeof(image->name), "w/image%d", index);
    image->base = index == 0 || one_in(world, 4) ? RB_PLAN_NO_BASE : below(world, index);
    image->recipe = 1;
    image->tree = 1;
    image->source_base = 1;
    image->changed_at = world->now_at;
    image->ignores_code = one_in(world, 4);
    if (!world->troubled)
        return;
    image->tree = one_in(world, 12) ? 0 : 1;
    image->settle_ms = one_in(world, 3) ? 60 * SECOND : 0;
    image->at_most_ms = one_in(world, 2) ? 90 * SECOND : 0;
    image->policy = one_in(world, 2) ? WORLD_NO_POLICY : (enum world_policy)below(world, 5);
    image->tool = one_in(world, 4) ? WORLD_FLAKY : one_in(world, 12) ? WORLD_DEAD : WORLD_SOUND;
    for (int i = 0; i < WORLD_PACKAGES; i++)
        image->holds_back[i] = one_in(world, 8);
}

void world_init(struct world *world, uint64_t seed, bool troubled)
{
    *world = (struct world){.arena = rb_arena_new(),
                            .now_at = START_AT,
                            .next_build = 1,
                            .available = {1, 1, 1},
                            .troubled = troubled};
    rb_random_seed(&world->random, seed);
    int count = 1 + below(world, WORLD_IMAGES);
    while (world->image_count < count)
        add_image(world);
}

void world_deinit(struct world *world)
{
    rb_arena_free(world->arena);
}

const char *world_base_digest(const struct world *world, int index, char *text)
{
    const struct world_image *image = &world->images[index];
    if (image->base == RB_PLAN_NO_BASE)
        (void)snprintf(text, 16, "source%d", image->source_base);
    else
        (void)snprintf(text, 16, "%s", world->images[image->base].digest);
    return text;
}

bool world_package_is_old(const struct world *world, int index, int package)
{
    const struct world_image *image = &world->images[index];
    return image->digest[0] != '\0' && world->available[package] > image->installed[package];
}

bool world_is_current(const struct world *world, int index)
{
    const struct world_image *image = &world->images[index];
    char base_digest[16];
    for (int i = 0; i < WORLD_PACKAGES; i++) {
        if (world_package_is_old(world, index, i))
            return false;
    }
    return image->digest[0] != '\0' && image->built.recipe == image->recipe &&
           image->built.tree == image->tree &&
           strcmp(image->built.base_digest, world_base_digest(world, index, base_digest)) == 0;
}

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void show_updates(const struct world *world, int index, struct rb_arena *arena,
                         struct rb_plan_image *shown)
{
    struct rb_plan_update *updates = rb_arena_array(arena, WORLD_PACKAGES, sizeof(*updates));
    for (int i = 0; i < WORLD_PACKAGES; i++) {
        if (!world_package_is_old(world, index, i))
            continue;
        updates[shown->update_count++] = (struct rb_plan_update){
            .package = PACKAGES[i],
            .from = rb_arena_printf(arena, "%d", world->images[index].installed[i]),
            .to = rb_arena_printf(arena, "%d", world->available[i])};
    }
    shown->updates = updates;
}

static void show_image(const struct world *world, int index, struct rb_arena *arena,
                       struct rb_plan_image *shown)
{
    const struct world_image *image = &world->images[index];
    char base_digest[16];
    *shown = (struct rb_plan_image){
        .name = image->name,
        .base_name = "base",
        .code_name = "code",
        .now.recipe = rb_arena_printf(arena, "r%d", image->recipe),
        .now.tree = image->tree == 0 ? NULL : rb_arena_printf(arena, "t%d", image->tree),
        .missing = image->tree == 0 ? "w/code" : NULL,
        .open_build = image->open.id,
        .open_running = image->open.running,
        .open_key = image->open.key,
        .open_requested = image->open.request_who != NULL,
        .given_up = image->given_up,
        .last = image->last,
        .last_finished_at = image->last_finished_at,
        .last_attempt = image->last_build.attempt,
        .last_remaining = image->remaining,
        .last_remaining_count = image->remaining_count,
        .last_request_who = image->last_build.request_who,
        .request_who = image->request_who,
        .paused_by = image->paused_by,
        .settle_ms = image->settle_ms,
        .at_most_ms = image->at_most_ms,
        .settling_since = image->settling_since,
        .changed_at = image->changed_at,
        .ask_policy = image->policy != WORLD_NO_POLICY,
        .verdict = image->verdict.key == NULL ? NULL : &image->verdict};
    if (image->last != RB_LAST_NONE)
        shown->last_key = image->last_build.key;
    if (image->base == RB_PLAN_NO_BASE)
        shown->now.base_digest =
            rb_arena_strdup(arena, world_base_digest(world, index, base_digest));
    if (image->digest[0] == '\0')
        return;
    shown->artifact_digest = image->digest;
    shown->built = (struct rb_plan_inputs){rb_arena_printf(arena, "r%d", image->built.recipe),
                                           text_or_null(image->built.base_digest),
                                           rb_arena_printf(arena, "t%d", image->built.tree)};
    show_updates(world, index, arena, shown);
}

void world_snapshot(const struct world *world, const int *order, struct rb_arena *arena,
                    struct rb_plan_snapshot *ret_snapshot)
{
    struct rb_plan_image *shown = rb_arena_array(arena, (size_t)world->image_count, sizeof(*shown));
    for (int i = 0; i < world->image_count; i++) {
        int place = order != NULL ? order[i] : i, base = world->images[i].base;
        show_image(world, i, arena, &shown[place]);
        shown[place].base = base == RB_PLAN_NO_BASE || order == NULL ? base : order[base];
    }
    *ret_snapshot = (struct rb_plan_snapshot){world->now_at, shown, (size_t)world->image_count};
}

static void queue_build(struct world *world, int index, const struct rb_plan_decision *decision)
{
    struct world_image *image = &world->images[index];
    struct world_build *build = &image->open;
    const char *request_who = build->request_who;
    *build = (struct world_build){.id = world->next_build++,
                                  .request_who = request_who,
                                  .inputs = {image->recipe, image->tree, ""},
                                  .attempt = decision->attempt};
    (void)snprintf(build->inputs.base_digest, sizeof(build->inputs.base_digest), "%s",
                   decision->base_digest);
    memcpy(build->key, decision->input_key, sizeof(build->key));
    for (size_t i = 0; i < decision->reason_count && i < WORLD_REASONS; i++) {
        struct rb_plan_reason *reason = &build->reasons[build->reason_count++];
        *reason = decision->reasons[i];
        reason->subject = rb_arena_strdup(world->arena, reason->subject);
        reason->to = rb_arena_strdup(world->arena, reason->to);
        reason->from = "";
        if (reason->kind == RB_REASON_MANUAL)
            build->request_who = reason->subject;
    }
    image->request_who = NULL;
}

static void give_up(struct world_image *image)
{
    image->open = (struct world_build){0};
    image->all_builds--;
    image->given_up++;
}

void world_carry_out(struct world *world, const struct rb_plan *plan)
{
    for (int i = 0; i < world->image_count; i++) {
        int64_t *since = &world->images[i].settling_since;
        if (plan->decisions[i].state != RB_PLAN_SETTLING)
            *since = 0;
        else if (*since == 0)
            *since = world->now_at;
        if (plan->decisions[i].build || plan->decisions[i].replace)
            queue_build(world, i, &plan->decisions[i]);
        world->images[i].all_builds += plan->decisions[i].build;
        if (plan->decisions[i].give_up != NULL)
            give_up(&world->images[i]);
        if (plan->decisions[i].ask)
            memcpy(world->images[i].asked_key, plan->decisions[i].input_key, RB_SHA256_HEX_SIZE);
    }
}

/* What a build of the inputs has inside: the packages as they are offered while it runs, but those
   that the image holds back as its base has them. */
static void make_content(const struct world *world, const struct world_image *image, int *installed,
                         char *digest)
{
    char text[128], hex[RB_SHA256_HEX_SIZE];
    for (int i = 0; i < WORLD_PACKAGES; i++) {
        int below_it = image->base == RB_PLAN_NO_BASE ? 1 : world->images[image->base].installed[i];
        installed[i] = image->holds_back[i] ? below_it : world->available[i];
    }
    const struct world_inputs *inputs = &image->open.inputs;
    (void)snprintf(text, sizeof(text), "%d %d %s %d %d %d", inputs->recipe,
                   image->ignores_code ? 0 : inputs->tree, inputs->base_digest, installed[0],
                   installed[1], installed[2]);
    (void)snprintf(digest, 16, "%.15s", rb_sha256_of(text, strlen(text), hex));
}

static bool is_cured(const struct rb_plan_reason *reason, const int *installed)
{
    int wanted = 0;
    for (int i = 0; reason->kind == RB_REASON_PACKAGE && i < WORLD_PACKAGES; i++) {
        if (strcmp(PACKAGES[i], reason->subject) == 0)
            return sscanf(reason->to, "%d", &wanted) == 1 && installed[i] >= wanted;
    }
    return true;
}

/* A build that cured a part of its reasons is worth having; one that cured none is not. */
static void judge_content(struct world *world, struct world_image *image)
{
    const struct world_build *build = &image->open;
    int installed[WORLD_PACKAGES];
    char digest[16];
    make_content(world, image, installed, digest);
    image->remaining_count = 0;
    for (size_t i = 0; i < build->reason_count; i++) {
        if (!is_cured(&build->reasons[i], installed))
            image->remaining[image->remaining_count++] = build->reasons[i];
    }
    bool same = strcmp(digest, image->digest) == 0;
    bool resolved = image->remaining_count == 0;
    image->last = resolved ? RB_LAST_GOOD : RB_LAST_UNRESOLVED;
    if (!resolved && (same || image->remaining_count == build->reason_count))
        return;
    memcpy(image->digest, digest, sizeof(digest));
    memcpy(image->installed, installed, sizeof(installed));
    image->built = build->inputs;
}

static unsigned number_of_key(const char *key)
{
    unsigned number = 0;
    return sscanf(key, "%8x", &number) == 1 ? number : 0;
}

static bool is_bad_key(const struct world *world, const char *key)
{
    return world->troubled && number_of_key(key) % ONE_IN_BAD_KEYS == 0;
}

/* What a policy says follows from what it is asked, and from its having said "later" before. */
static void answer(const struct world *world, struct world_image *image)
{
    unsigned number = number_of_key(image->asked_key) / ONE_IN_BAD_KEYS;
    bool again = image->verdict.key != NULL && strcmp(image->verdict_key, image->asked_key) == 0;
    struct rb_plan_verdict verdict = {.word = RB_PLAN_ALLOW, .key = image->verdict_key};
    verdict.urgent = image->policy == WORLD_HASTY;
    verdict.replaces_running = image->policy == WORLD_HASTY;
    if (image->policy == WORLD_SLOW && !again) {
        verdict.word = RB_PLAN_HOLD;
        verdict.cause = "not at this hour";
        verdict.waits_for = "time";
        verdict.until_at = world->now_at + 600 * SECOND;
    } else if (image->policy == WORLD_STRICT && number % 3 == 0) {
        verdict.word = number % 2 == 0 ? RB_PLAN_HOLD : RB_PLAN_REFUSE;
        verdict.cause = "not without an approval";
        verdict.waits_for = "approval";
    } else if (number % 5 == 0) {
        verdict.until_at = world->now_at + 600 * SECOND; /* a leave that is forgotten */
    }
    memcpy(image->verdict_key, image->asked_key, sizeof(image->verdict_key));
    image->asked_key[0] = '\0';
    image->verdict = verdict;
}

bool world_let_policy_answer(struct world *world)
{
    bool any = false;
    for (int i = 0; i < world->image_count; i++) {
        if (world->images[i].asked_key[0] == '\0')
            continue;
        answer(world, &world->images[i]);
        any = true;
    }
    return any;
}

static void end_build(struct world *world, struct world_image *image, bool canceled)
{
    bool outside = image->tool == WORLD_DEAD || (image->tool == WORLD_FLAKY && one_in(world, 2));
    image->remaining_count = 0;
    if (canceled)
        image->last = RB_LAST_CANCELED;
    else if (outside)
        image->last = RB_LAST_TRANSIENT;
    else if (is_bad_key(world, image->open.key))
        image->last = RB_LAST_FAILED;
    else
        judge_content(world, image);
    image->judged_builds += image->last != RB_LAST_TRANSIENT;
    image->last_build = image->open;
    image->last_finished_at = world->now_at;
    image->open = (struct world_build){0};
    image->given_up = 0;
}

void world_upstream_changes(struct world *world)
{
    struct world_image *image = any_image(world);
    switch (below(world, 4)) {
    case 0:
        image->recipe++;
        break;
    case 1:
        image->tree++;
        break;
    case 2:
        image->source_base++;
        break;
    default:
        world->available[below(world, WORLD_PACKAGES)]++;
        for (int i = 0; i < world->image_count; i++)
            world->images[i].changed_at = world->now_at;
        break;
    }
    image->changed_at = world->now_at;
}

/* A version that is taken back: its inputs are again what an older artifact was built from. */
static void revert(struct world_image *image)
{
    if (image->built.tree > 0 && image->tree > 0)
        image->tree = image->built.tree;
    if (image->built.recipe > 0)
        image->recipe = image->built.recipe;
}

static void a_person_acts(struct world *world, struct world_image *image)
{
    if (!world->troubled || one_in(world, 2))
        image->request_who = "ann";
    else if (image->paused_by != NULL)
        image->paused_by = NULL;
    else if (one_in(world, 2))
        image->paused_by = "bob: freeze";
    else
        revert(image);
}

static void a_build_moves(struct world *world, struct world_image *image)
{
    if (image->open.id == 0)
        return;
    if (image->open.running || one_in(world, 4))
        end_build(world, image, world->troubled && one_in(world, 10));
    else
        image->open.running = true;
}

void world_something_happens(struct world *world)
{
    static const int64_t STEPS_MS[] = {1, SECOND, 31 * SECOND, 130 * SECOND, 3600 * SECOND};
    struct world_image *image = any_image(world);
    switch (below(world, 9)) {
    case 8:
        if (image->asked_key[0] != '\0')
            answer(world, image);
        break;
    case 0:
    case 1:
        world_upstream_changes(world);
        break;
    case 2:
        if (one_in(world, 3))
            a_person_acts(world, image);
        break;
    case 3:
    case 4:
        world->now_at += STEPS_MS[below(world, (int)RB_COUNT_OF(STEPS_MS))];
        break;
    default:
        a_build_moves(world, image);
        break;
    }
}

bool world_let_builds_end(struct world *world)
{
    bool any = false;
    for (int i = 0; i < world->image_count; i++) {
        if (world->images[i].open.id == 0)
            continue;
        world->now_at++;
        end_build(world, &world->images[i], false);
        any = true;
    }
    return any;
}

static void scramble_last(struct world *world, int index, const char *key)
{
    struct world_image *image = &world->images[index];
    image->last = (enum rb_plan_last)below(world, RB_LAST_CANCELED + 1);
    image->last_build = (struct world_build){.attempt = 1 + below(world, RB_PLAN_ATTEMPTS + 1)};
    (void)snprintf(image->last_build.key, sizeof(image->last_build.key), "%s",
                   one_in(world, 2) ? key : "another");
    image->last_build.request_who = one_in(world, 4) ? "ann" : NULL;
    image->last_finished_at = world->now_at - below(world, 300 * SECOND) + 10 * SECOND;
    image->remaining_count = 0;
    for (int i = 0; i < WORLD_PACKAGES; i++) {
        if (one_in(world, 3))
            image->remaining[image->remaining_count++] = (struct rb_plan_reason){
                .kind = RB_REASON_PACKAGE,
                .subject = PACKAGES[i],
                .from = "",
                .to = rb_arena_printf(world->arena, "%d", 1 + below(world, 4))};
    }
}

static void scramble_artifact(struct world *world, struct world_image *image)
{
    image->digest[0] = '\0';
    if (one_in(world, 4))
        return;
    (void)snprintf(image->digest, sizeof(image->digest), "any%d", below(world, 4));
    image->built = (struct world_inputs){1 + below(world, 3), 1 + below(world, 3), ""};
    (void)snprintf(image->built.base_digest, sizeof(image->built.base_digest), "%s%d",
                   one_in(world, 2) ? "any" : "source", below(world, 4));
    for (int i = 0; i < WORLD_PACKAGES; i++)
        image->installed[i] = 1 + below(world, 4);
}

void world_scramble(struct world *world)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan_snapshot snapshot;
    struct rb_plan plan;
    for (int i = 0; i < WORLD_PACKAGES; i++)
        world->available[i] = 1 + below(world, 4);
    for (int i = 0; i < world->image_count; i++)
        scramble_artifact(world, &world->images[i]);
    world_snapshot(world, NULL, arena, &snapshot);
    rb_plan_make(&snapshot, arena, &plan);
    for (int i = 0; i < world->image_count; i++)
        scramble_last(world, i, plan.decisions[i].input_key);
    for (int i = 0; i < world->image_count; i++) {
        struct world_image *image = &world->images[i];
        if (image->policy == WORLD_NO_POLICY || one_in(world, 2))
            continue;
        memcpy(image->asked_key, plan.decisions[i].input_key, sizeof(image->asked_key));
        if (image->asked_key[0] != '\0')
            answer(world, image);
    }
}

void world_forget_counts(struct world *world)
{
    for (int i = 0; i < world->image_count; i++) {
        world->images[i].judged_builds = 0;
        world->images[i].all_builds = 0;
    }
}
