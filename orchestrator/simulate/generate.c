/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up year, shaped after Debian stable: some 600 advisories, most of them of medium or high
 * severity, one in eighty being exploited; a point release every two months; few packages in nearly
 * all images and many in few.
 */
#include <stdlib.h>
#include <string.h>

#include "history_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"

enum {
    PACKAGES = 800,
    ADVISORIES = 600,
    POINT_RELEASES = 6,
    PACKAGES_A_POINT_RELEASE = 60,
    BASES_IN = 25,  /* one image in so many is a base */
    MIDDLES_IN = 5, /* and one in so many stands between */
    COMMITS_A_YEAR = 12,
    MOVES_A_YEAR = 12
};

static const int64_t BEGINS_AT = INT64_C(1767225600000); /* 2026-01-01 */
static const int64_t YEAR_MS = INT64_C(365) * 24 * 3600 * 1000;
static const int64_t MINUTE_MS = 60 * 1000;

struct generator {
    struct rb_history *history;
    struct rb_arena *arena;
    struct rb_random random;
    size_t event_capacity;
};

static double fraction(struct generator *generator)
{
    return (double)(rb_random_next(&generator->random) >> 11) / (double)(UINT64_C(1) << 53);
}

static int below(struct generator *generator, int limit)
{
    return (int)rb_random_below(&generator->random, (uint64_t)limit);
}

static int64_t some_time(struct generator *generator)
{
    return BEGINS_AT + (int64_t)(fraction(generator) * (double)YEAR_MS);
}

/* Packages are in the order of how common they are. */
static int common_package(struct generator *generator)
{
    double u = fraction(generator);
    return (int)(u * u * u * (double)PACKAGES);
}

static void add_event(struct generator *generator, const struct rb_history_event *event)
{
    struct rb_history *history = generator->history;
    history->events = rb_arena_grow(generator->arena, history->events, history->event_count,
                                    &generator->event_capacity, sizeof(*event));
    history->events[history->event_count++] = *event;
}

static int compare_numbers(const void *a, const void *b)
{
    const int *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Those of its base and so many more. */
static void give_packages(struct generator *generator, struct rb_history_image *image, int more)
{
    const struct rb_history_image *base =
        image->base < 0 ? NULL : &generator->history->images[image->base];
    size_t count = base == NULL ? 0 : base->package_count;
    int *packages = rb_arena_array(generator->arena, count + (size_t)more, sizeof(*packages));
    if (count > 0)
        memcpy(packages, base->packages, count * sizeof(*packages));
    for (int i = 0; i < more; i++) {
        int package = common_package(generator);
        bool is_there = false;
        for (size_t j = 0; j < count; j++)
            is_there = is_there || packages[j] == package;
        if (!is_there)
            packages[count++] = package;
    }
    qsort(packages, count, sizeof(*packages), compare_numbers);
    image->packages = packages;
    image->package_count = count;
}

static void add_images(struct generator *generator, size_t count)
{
    struct rb_history *history = generator->history;
    int bases = (int)(count + BASES_IN - 1) / BASES_IN;
    int middles = bases + (int)count / MIDDLES_IN;
    history->images = rb_arena_array(generator->arena, count, sizeof(*history->images));
    history->image_count = count;
    for (int i = 0; i < (int)count; i++) {
        struct rb_history_image *image = &history->images[i];
        bool is_leaf = i >= middles;
        image->base = i < bases     ? -1
                      : i < middles ? below(generator, bases)
                                    : below(generator, middles);
        image->pipeline = rb_arena_printf(generator->arena, "team%d", i % 20);
        image->name = rb_arena_printf(generator->arena, "%s/image%d", image->pipeline, i);
        image->build_ms = (2 + below(generator, 10)) * MINUTE_MS;
        image->deployed = is_leaf && below(generator, 4) > 0;
        image->exposed = image->deployed && below(generator, 3) == 0;
        give_packages(generator, image, i < bases ? 90 : is_leaf ? 15 : 25);
    }
}

static const char *severity_of(double score)
{
    return score >= 9.0 ? "critical" : score >= 7.0 ? "high" : score >= 4.0 ? "medium" : "low";
}

static void add_advisories(struct generator *generator)
{
    for (int i = 0; i < ADVISORIES; i++) {
        struct rb_history_advisory *advisory = rb_arena_alloc(generator->arena, sizeof(*advisory));
        double u = fraction(generator), luck = fraction(generator);
        double score = u < 0.04   ? 9.0 + luck
                       : u < 0.36 ? 7.0 + luck * 1.9
                       : u < 0.84 ? 4.0 + luck * 2.9
                                  : 1.0 + luck * 2.9;
        double rare = fraction(generator);
        *advisory = (struct rb_history_advisory){
            .id = rb_arena_printf(generator->arena, "DSA-%d", 6000 + i),
            .severity = severity_of(score),
            .score = score,
            .epss = rare * rare * rare * rare * rare * rare,
            .kev = below(generator, 80) == 0};
        add_event(generator, &(struct rb_history_event){some_time(generator), RB_HISTORY_PACKAGE,
                                                        below(generator, PACKAGES), advisory});
    }
}

static void add_point_releases(struct generator *generator)
{
    for (int i = 0; i < POINT_RELEASES; i++) {
        int64_t at = BEGINS_AT + YEAR_MS / POINT_RELEASES * i + YEAR_MS / POINT_RELEASES / 2;
        for (int j = 0; j < PACKAGES_A_POINT_RELEASE; j++)
            add_event(generator, &(struct rb_history_event){at, RB_HISTORY_PACKAGE,
                                                            common_package(generator), NULL});
    }
}

static void add_changes(struct generator *generator)
{
    const struct rb_history *history = generator->history;
    for (int i = 0; i < (int)history->image_count; i++) {
        bool is_ground = history->images[i].base < 0;
        int times = is_ground ? MOVES_A_YEAR : below(generator, 2 * COMMITS_A_YEAR);
        for (int j = 0; j < times; j++)
            add_event(generator, &(struct rb_history_event){
                                     some_time(generator),
                                     is_ground ? RB_HISTORY_BASE : RB_HISTORY_CODE, i, NULL});
    }
}

struct rb_history *rb_history_generate(size_t image_count, uint64_t seed)
{
    struct generator generator = {.history = history_new()};
    struct rb_history *history = generator.history;
    generator.arena = history_arena(history);
    rb_random_seed(&generator.random, seed);
    history->package_count = PACKAGES;
    history->packages = rb_arena_array(generator.arena, PACKAGES, sizeof(char *));
    for (int i = 0; i < PACKAGES; i++)
        history->packages[i] = rb_arena_printf(generator.arena, "package%d", i);
    history->begins_at = BEGINS_AT;
    history->ends_at = BEGINS_AT + YEAR_MS;
    add_images(&generator, image_count);
    add_advisories(&generator);
    add_point_releases(&generator);
    add_changes(&generator);
    history_sort(history);
    return history;
}
