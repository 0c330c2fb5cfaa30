/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images stand in an order in which each base comes before what is built from it. What is to be
 * decided waits in a heap by that order, so each image is decided once an update, after its base.
 *
 * Texts of decisions live in one arena. What is decided again leaves the old texts behind, so now
 * and then, after as many decisions as the fleet has images, all is decided anew into a fresh one.
 */
#include "rebake/plan/planner.h"

#include <string.h>

#include "plan_parts.h"
#include "rebake/base/heap.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { NO_IMAGE = -1, NO_PLACE = -1, FEWEST_BEFORE_ANEW = 1024 };

struct node {
    struct rb_heap_node turn; /* key: its place in the order */
    struct rb_heap_node look; /* key: when to decide again though nothing was set */
    int place;                /* in the order */
    int first_child, next_sibling;
    char *artifact; /* its newest, the planner's own copy: children are told of it */
    bool has_news;  /* it is another than when the image was decided */
};

struct rb_planner {
    struct plan_work work;
    struct rb_plan_image *images; /* work's */
    struct node *nodes;
    int *order; /* bases first; NULL: to be found */
    struct rb_heap turns;
    struct rb_heap looks;
    struct rb_plan plan;
    size_t *decided;
    size_t decided_count;
    size_t decided_since; /* the arena was fresh */
};

struct rb_planner *rb_planner_new(size_t count)
{
    struct rb_planner *planner = rb_zalloc(sizeof(*planner));
    planner->images = rb_calloc(count, sizeof(*planner->images));
    planner->nodes = rb_calloc(count, sizeof(*planner->nodes));
    planner->decided = rb_calloc(count, sizeof(*planner->decided));
    planner->work = (struct plan_work){
        .images = planner->images,
        .image_count = count,
        .hash = rb_sha256_new(),
        .decisions = rb_calloc(count, sizeof(struct rb_plan_decision)),
        .progress = rb_calloc(count, sizeof(struct plan_progress)),
    };
    planner->plan = (struct rb_plan){.decisions = planner->work.decisions, .count = count};
    for (size_t i = 0; i < count; i++)
        planner->images[i].base = RB_PLAN_NO_BASE;
    return planner;
}

void rb_planner_free(struct rb_planner *planner)
{
    if (planner == NULL)
        return;
    for (size_t i = 0; i < planner->work.image_count; i++)
        rb_free(planner->nodes[i].artifact);
    rb_heap_deinit(&planner->turns);
    rb_heap_deinit(&planner->looks);
    rb_arena_free(planner->work.arena);
    rb_sha256_free(planner->work.hash);
    rb_free(planner->work.decisions);
    rb_free(planner->work.progress);
    rb_free(planner->images);
    rb_free(planner->nodes);
    rb_free(planner->order);
    rb_free(planner->decided);
    rb_free(planner);
}

/* Only while the order is known: without one, all are decided. */
static void wait_for_turn(struct rb_planner *planner, int index)
{
    struct node *node = &planner->nodes[index];
    if (planner->order != NULL && node->turn.place == 0)
        rb_heap_put(&planner->turns, &node->turn, node->place);
}

void rb_planner_set(struct rb_planner *planner, size_t index, const struct rb_plan_image *image)
{
    struct node *node = &planner->nodes[index];
    RB_ASSERT(index < planner->work.image_count);
    if (!rb_text_equal(node->artifact, image->artifact_digest)) {
        rb_free(node->artifact);
        node->artifact = rb_strdup(image->artifact_digest);
        node->has_news = true;
    }
    if (image->base != planner->images[index].base)
        rb_free(rb_steal(&planner->order));
    planner->images[index] = *image;
    planner->images[index].artifact_digest = node->artifact;
    wait_for_turn(planner, (int)index);
}

const struct rb_plan_image *rb_planner_images(const struct rb_planner *planner)
{
    return planner->images;
}

static void clear(struct rb_heap *heap)
{
    while (heap->count > 0)
        rb_heap_take(heap, heap->nodes[heap->count - 1]);
}

/* Walks down to the first base that has its place, then gives places upwards. */
static int place_with_bases(struct rb_planner *planner, int index, int *path, int next)
{
    size_t depth = 0;
    while (index != RB_PLAN_NO_BASE && planner->nodes[index].place == NO_PLACE) {
        RB_ASSERT(depth < planner->work.image_count); /* else the bases form a cycle */
        path[depth++] = index;
        index = planner->images[index].base;
    }
    while (depth > 0) {
        index = path[--depth];
        planner->nodes[index].place = next;
        planner->order[next++] = index;
    }
    return next;
}

static void find_order(struct rb_planner *planner)
{
    size_t count = planner->work.image_count;
    RB_CLEANUP_FREE int *path = rb_calloc(count, sizeof(*path));
    int next = 0;
    clear(&planner->turns);
    planner->order = rb_calloc(count, sizeof(*planner->order));
    for (size_t i = 0; i < count; i++) {
        planner->nodes[i].place = NO_PLACE;
        planner->nodes[i].first_child = NO_IMAGE;
    }
    for (size_t i = 0; i < count; i++) {
        struct node *node = &planner->nodes[i];
        int base = planner->images[i].base;
        next = place_with_bases(planner, (int)i, path, next);
        if (base == RB_PLAN_NO_BASE)
            continue;
        node->next_sibling = planner->nodes[base].first_child;
        planner->nodes[base].first_child = (int)i;
    }
}

static void decide(struct rb_planner *planner, int index)
{
    struct node *node = &planner->nodes[index];
    const struct rb_plan_decision *decision = &planner->work.decisions[index];
    planner->plan.build_count -= decision->build;
    planner->plan.ask_count -= decision->ask;
    planner->plan.change_count -= plan_changes_open(decision);
    plan_decide(&planner->work, index);
    planner->plan.build_count += decision->build;
    planner->plan.ask_count += decision->ask;
    planner->plan.change_count += plan_changes_open(decision);
    node->has_news = false;
    int64_t look_at = plan_next_look_at(&planner->work, index);
    if (look_at != 0)
        rb_heap_put(&planner->looks, &node->look, look_at);
    else
        rb_heap_take(&planner->looks, &node->look);
}

static void decide_all(struct rb_planner *planner)
{
    struct rb_arena *before = planner->work.arena;
    planner->work.arena = rb_arena_new();
    for (size_t i = 0; i < planner->work.image_count; i++)
        decide(planner, planner->order[i]);
    rb_arena_free(before);
    planner->decided_since = 0;
}

static void tell_decided(struct rb_planner *planner, int index)
{
    planner->decided[planner->decided_count++] = (size_t)index;
}

static void decide_on_turn(struct rb_planner *planner, int index)
{
    struct plan_progress before = planner->work.progress[index];
    bool has_news = planner->nodes[index].has_news;
    decide(planner, index);
    tell_decided(planner, index);
    if (!has_news && plan_is_seen_alike(&before, &planner->work.progress[index]))
        return;
    for (int child = planner->nodes[index].first_child; child != NO_IMAGE;
         child = planner->nodes[child].next_sibling)
        wait_for_turn(planner, child);
}

static void decide_what_changed(struct rb_planner *planner)
{
    struct rb_heap_node *first;
    while ((first = rb_heap_first(&planner->looks)) != NULL && first->key <= planner->work.now_at) {
        struct node *node = rb_container_of(first, struct node, look);
        rb_heap_take(&planner->looks, first);
        wait_for_turn(planner, (int)(node - planner->nodes));
    }
    while ((first = rb_heap_first(&planner->turns)) != NULL) {
        rb_heap_take(&planner->turns, first);
        decide_on_turn(planner, planner->order[first->key]);
    }
    planner->decided_since += planner->decided_count;
}

/* Times that lie behind are not looked for: where the clock went back, all may be otherwise. */
void rb_planner_update(struct rb_planner *planner, int64_t now_at,
                       struct rb_planner_update *ret_update)
{
    size_t count = planner->work.image_count;
    bool all = planner->order == NULL || now_at < planner->work.now_at;
    planner->work.now_at = now_at;
    planner->decided_count = 0;
    if (planner->order == NULL)
        find_order(planner);
    if (all) {
        clear(&planner->turns);
        decide_all(planner);
        for (size_t i = 0; i < count; i++)
            tell_decided(planner, planner->order[i]);
    } else {
        decide_what_changed(planner);
    }
    if (planner->decided_since > count && planner->decided_since > FEWEST_BEFORE_ANEW)
        decide_all(planner);
    const struct rb_heap_node *next = rb_heap_first(&planner->looks);
    planner->plan.wake_at = next == NULL ? 0 : next->key;
    *ret_update =
        (struct rb_planner_update){&planner->plan, planner->decided, planner->decided_count};
}
