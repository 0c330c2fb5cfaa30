/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image has one base, so the graph is a forest unless there are cycles, and the way down from an
 * image is a chain. Each walk goes down until it meets what is ordered already, a source, or its
 * own trace: a cycle. Every image is walked over once.
 */
#include "model.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { CYCLE_TEXT_MAXIMUM = 600 };

static void report_cycle(const struct rb_decode *decode, const struct rb_image_draft *start)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(CYCLE_TEXT_MAXIMUM);
    const struct rb_image_draft *at = start;
    bool whole = true;
    do {
        whole = whole && rb_strbuf_printf(&text, "%s -> ", at->model.name);
        at = at->base;
    } while (at != start);
    rb_report_add(decode->report, start->from->mark, "let one of them build on a source",
                  "image %s: builds on itself: %s%s",
                  rb_report_quote(decode->arena, start->model.name), rb_strbuf_text(&text),
                  whole ? start->model.name : "...");
}

/* The first image of a cycle in the order of the file, whichever of them a walk met. */
static const struct rb_image_draft *first_of_cycle(const struct rb_image_draft *member)
{
    const struct rb_image_draft *first = member;
    for (const struct rb_image_draft *at = member->base; at != member; at = at->base) {
        if (at < first)
            first = at;
    }
    return first;
}

struct rb_image *rb_images_order(const struct rb_decode *decode, struct rb_image_list *list,
                                 size_t *ret_count)
{
    struct rb_image *models = rb_arena_array(decode->arena, list->count, sizeof(*models));
    RB_CLEANUP_FREE struct rb_image_draft **chain =
        rb_calloc(list->count, sizeof(struct rb_image_draft *));
    size_t ordered = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct rb_image_draft *walk = &list->items[i], *at = walk;
        size_t length = 0;
        while (at != NULL && at->walk == NULL) {
            at->walk = walk;
            chain[length++] = at;
            at = at->base == NULL ? NULL : &list->items[at->base - list->items];
        }
        if (at != NULL && at->walk == walk)
            report_cycle(decode, first_of_cycle(at));
        if (at != NULL && at->ordered == NULL)
            continue; /* a cycle, or built on one: what is on it can have no place */
        while (length > 0) {
            struct rb_image_draft *draft = chain[--length];
            draft->ordered = &models[ordered++];
            *draft->ordered = draft->model;
            if (draft->base != NULL)
                draft->ordered->from_image = draft->base->ordered;
        }
    }
    *ret_count = ordered;
    return models;
}
