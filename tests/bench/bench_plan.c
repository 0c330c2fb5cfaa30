/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner over 100,000 images built from 10,000 sources: from scratch, and after one source has
 * changed. Beside it, in the same run over the same memory: a plain topological pass over the graph
 * (Kahn's), one pass that reads the texts that are compared, and SHA-256 over what the keys hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/plan/dispatch.h"
#include "rebake/plan/planner.h"

enum {
    IMAGES = 100000,
    SOURCES = 10000, /* the first ROOTS of them are base images, the others code */
    ROOTS = 1000,
    UPDATES = 4,
    ROUNDS = 7,
    CHANGES = 400
};
static const int64_t NOW = 1000000000000;

struct fleet {
    struct rb_arena *arena;
    struct rb_random random;
    struct rb_plan_image *images;
    int *source_of; /* the source that an image is built from: its base if it has one, else code */
    int *first_of, *next_of; /* the images of a source */
};

static int64_t now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

/* A digest of its own allocation, as the store's answers have them. */
static const char *new_digest(struct fleet *fleet)
{
    unsigned long long a = rb_random_next(&fleet->random), b = rb_random_next(&fleet->random);
    return rb_arena_printf(fleet->arena, "sha256:%016llx%016llx%016llx%016llx", a, b, a ^ b, a + b);
}

static void use_source(struct fleet *fleet, int index, int source)
{
    fleet->source_of[index] = source;
    fleet->next_of[index] = fleet->first_of[source];
    fleet->first_of[source] = index;
}

/* One image in a hundred stands on a source, the others on any image before them: some are four
   deep, some forty. Each has code of its own or shares it with some ten others. */
static void make_image(struct fleet *fleet, int index)
{
    struct rb_plan_image *image = &fleet->images[index];
    bool is_root = index < ROOTS;
    *image = (struct rb_plan_image){
        .name = rb_arena_printf(fleet->arena, "shop/image%d", index),
        .base = is_root ? RB_PLAN_NO_BASE : (int)rb_random_below(&fleet->random, (uint64_t)index),
        .base_name = "base",
        .code_name = "code",
        .artifact_digest = new_digest(fleet),
        .now = {new_digest(fleet), new_digest(fleet), new_digest(fleet)},
        .last = RB_LAST_GOOD,
        .last_key = new_digest(fleet),
        .last_finished_at = NOW - 1000,
        .last_attempt = 1,
        .changed_at = NOW - 5000,
        .settle_ms = 1000,
    };
    use_source(fleet, index,
               is_root ? index : ROOTS + (int)rb_random_below(&fleet->random, SOURCES - ROOTS));
    image->built = (struct rb_plan_inputs){rb_arena_strdup(fleet->arena, image->now.recipe),
                                           rb_arena_strdup(fleet->arena, image->now.base_digest),
                                           rb_arena_strdup(fleet->arena, image->now.tree)};
    if (!is_root)
        image->built.base_digest =
            rb_arena_strdup(fleet->arena, fleet->images[image->base].artifact_digest);
}

static void make_fleet(struct fleet *fleet)
{
    fleet->arena = rb_arena_new();
    fleet->images = rb_arena_array(fleet->arena, IMAGES, sizeof(*fleet->images));
    fleet->source_of = rb_arena_array(fleet->arena, IMAGES, sizeof(int));
    fleet->next_of = rb_arena_array(fleet->arena, IMAGES, sizeof(int));
    fleet->first_of = rb_arena_array(fleet->arena, SOURCES, sizeof(int));
    rb_random_seed(&fleet->random, 1);
    for (int i = 0; i < SOURCES; i++)
        fleet->first_of[i] = -1;
    for (int i = 0; i < IMAGES; i++)
        make_image(fleet, i);
}

static void affect_all(struct fleet *fleet)
{
    for (int i = 0; i < IMAGES; i++) {
        struct rb_plan_update *updates = rb_arena_array(fleet->arena, UPDATES, sizeof(*updates));
        for (int j = 0; j < UPDATES; j++)
            updates[j] =
                (struct rb_plan_update){.package = rb_arena_printf(fleet->arena, "package%d", j),
                                        .from = rb_arena_strdup(fleet->arena, "5.36.0-7+deb12u2"),
                                        .to = rb_arena_strdup(fleet->arena, "5.36.0-7+deb12u3")};
        fleet->images[i].updates = updates;
        fleet->images[i].update_count = UPDATES;
    }
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static int64_t median(int64_t *times, size_t count)
{
    qsort(times, count, sizeof(*times), compare_times);
    return times[count / 2];
}

static long resident_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/* The graph alone: who stands on whom is turned round, and walked from the bases up. */
static int64_t topological_pass(const struct fleet *fleet)
{
    int64_t start_ns = now_ns();
    RB_CLEANUP_FREE int *first_child = rb_calloc(IMAGES, sizeof(int));
    RB_CLEANUP_FREE int *next_sibling = rb_calloc(IMAGES, sizeof(int));
    RB_CLEANUP_FREE int *order = rb_calloc(IMAGES, sizeof(int));
    int count = 0;
    for (int i = 0; i < IMAGES; i++)
        first_child[i] = -1;
    for (int i = 0; i < IMAGES; i++) {
        int base = fleet->images[i].base;
        if (base == RB_PLAN_NO_BASE) {
            order[count++] = i;
            continue;
        }
        next_sibling[i] = first_child[base];
        first_child[base] = i;
    }
    for (int i = 0; i < count; i++) {
        for (int child = first_child[order[i]]; child != -1; child = next_sibling[child])
            order[count++] = child;
    }
    RB_ASSERT(count == IMAGES);
    return now_ns() - start_ns;
}

static size_t read_text(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static int64_t reading_pass(const struct fleet *fleet)
{
    volatile size_t sum = 0;
    int64_t start_ns = now_ns();
    for (int i = 0; i < IMAGES; i++) {
        const struct rb_plan_image *image = &fleet->images[i];
        sum += read_text(image->now.recipe) + read_text(image->now.base_digest) +
               read_text(image->now.tree) + read_text(image->built.recipe) +
               read_text(image->built.base_digest) + read_text(image->built.tree) +
               read_text(image->artifact_digest);
        for (size_t j = 0; j < image->update_count; j++)
            sum += read_text(image->updates[j].package) + read_text(image->updates[j].to);
    }
    (void)sum;
    return now_ns() - start_ns;
}

static void hash_text(struct rb_sha256 *hash, const char *text)
{
    rb_sha256_update(hash, text, strlen(text));
}

static int64_t hashing_pass(const struct fleet *fleet)
{
    int64_t start_ns = now_ns();
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    for (int i = 0; i < IMAGES; i++) {
        const struct rb_plan_image *image = &fleet->images[i];
        char hex[RB_SHA256_HEX_SIZE];
        rb_sha256_restart(hash);
        hash_text(hash, image->now.recipe);
        hash_text(hash, image->now.base_digest);
        hash_text(hash, image->now.tree);
        for (size_t j = 0; j < image->update_count; j++) {
            hash_text(hash, image->updates[j].package);
            hash_text(hash, image->updates[j].to);
        }
        rb_sha256_hex(hash, hex);
    }
    return now_ns() - start_ns;
}

static int64_t scratch_pass(const struct fleet *fleet, size_t *ret_builds)
{
    int64_t start_ns = now_ns();
    struct rb_planner_update update;
    struct rb_planner *planner = rb_planner_new(IMAGES);
    for (size_t i = 0; i < IMAGES; i++)
        rb_planner_set(planner, i, &fleet->images[i]);
    rb_planner_update(planner, NOW, &update);
    int64_t took_ns = now_ns() - start_ns;
    *ret_builds = update.plan->build_count;
    rb_planner_free(planner);
    return took_ns;
}

static int64_t made_pass(const struct fleet *fleet)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const struct rb_plan_snapshot snapshot = {NOW, fleet->images, IMAGES};
    struct rb_plan plan;
    int64_t start_ns = now_ns();
    rb_plan_make(&snapshot, arena, &plan);
    return now_ns() - start_ns;
}

static void report(const char *what, int64_t took_ns, int64_t walk_ns)
{
    printf("  %-44s %9.3f ms  %6.1f of the walk\n", what, (double)took_ns / 1e6,
           (double)took_ns / (double)walk_ns);
}

static void measure_scratch(const char *what, const struct fleet *fleet)
{
    int64_t walk[ROUNDS], reading[ROUNDS], hashing[ROUNDS], made[ROUNDS], scratch[ROUNDS];
    size_t builds = 0;
    for (int i = 0; i < ROUNDS; i++) {
        walk[i] = topological_pass(fleet);
        reading[i] = reading_pass(fleet);
        hashing[i] = hashing_pass(fleet);
        made[i] = made_pass(fleet);
        scratch[i] = scratch_pass(fleet, &builds);
    }
    int64_t walk_ns = median(walk, ROUNDS);
    printf("%s: %zu to build; the process's peak is %ld MiB, its input included (at most 256)\n",
           what, builds, resident_mib());
    report("planner from scratch (at most 250 ms)", median(scratch, ROUNDS), walk_ns);
    report("rb_plan_make", median(made, ROUNDS), walk_ns);
    report("limit: a topological walk of the graph", walk_ns, walk_ns);
    report("limit: reading all texts once", median(reading, ROUNDS), walk_ns);
    report("limit: SHA-256 of all inputs", median(hashing, ROUNDS), walk_ns);
}

/* A source has a new version: its images are told of it, and the plan is brought up to date. */
static size_t change_source(struct fleet *fleet, struct rb_planner *planner, int source,
                            const char *version, int64_t at, int64_t *ret_ns)
{
    struct rb_planner_update update;
    int64_t start_ns = now_ns();
    for (int i = fleet->first_of[source]; i != -1; i = fleet->next_of[i]) {
        struct rb_plan_image *image = &fleet->images[i];
        if (source < ROOTS)
            image->now.base_digest = version;
        else
            image->now.tree = version;
        image->changed_at = at;
        rb_planner_set(planner, (size_t)i, image);
    }
    rb_planner_update(planner, at, &update);
    *ret_ns = now_ns() - start_ns;
    return update.decided_count;
}

static void measure_changes(struct fleet *fleet, const char *what, int first_source, int sources)
{
    struct rb_planner_update update;
    int64_t times[CHANGES];
    size_t decided = 0, most = 0;
    struct rb_planner *planner = rb_planner_new(IMAGES);
    for (size_t i = 0; i < IMAGES; i++)
        rb_planner_set(planner, i, &fleet->images[i]);
    rb_planner_update(planner, NOW, &update);
    for (int i = 0; i < CHANGES; i++) {
        int source = first_source + (int)rb_random_below(&fleet->random, (uint64_t)sources);
        const char *version = new_digest(fleet);
        size_t count = change_source(fleet, planner, source, version, NOW + i, &times[i]);
        decided += count;
        most = count > most ? count : most;
    }
    int64_t walk_ns = topological_pass(fleet), middle_ns = median(times, CHANGES);
    int64_t most_ns = times[CHANGES * 99 / 100];
    printf("%s (at most 2 ms): median %.4f ms, 99 of 100 within %.4f ms, longest %.4f ms;\n"
           "  %.1f decided at the mean, %zu at most; %.4f of the walk\n",
           what, (double)middle_ns / 1e6, (double)most_ns / 1e6, (double)times[CHANGES - 1] / 1e6,
           (double)decided / CHANGES, most, (double)middle_ns / (double)walk_ns);
    rb_planner_free(planner);
}

/* As many builds queued as there are images, half of them under a limit and a budget. */
static void measure_dispatch(struct fleet *fleet)
{
    enum { PIPELINES = 500, PLACES = 64 };
    static const struct rb_dispatch_limit LIMIT = {"hosts", 8};
    static const struct rb_dispatch_budget BUDGET = {"all", (int64_t)RB_DISPATCH_DAY_MS};
    int64_t times[ROUNDS];
    size_t starts = 0;
    const char *names[PIPELINES];
    struct rb_dispatch_build *waiting = rb_arena_array(fleet->arena, IMAGES, sizeof(*waiting));
    for (int i = 0; i < PIPELINES; i++)
        names[i] = rb_arena_printf(fleet->arena, "pipeline%d", i);
    for (int i = 0; i < IMAGES; i++)
        waiting[i] = (struct rb_dispatch_build){
            .id = i,
            .pipeline = names[rb_random_below(&fleet->random, PIPELINES)],
            .priority = (int)rb_random_below(&fleet->random, 101),
            .queued_at = NOW - (int64_t)rb_random_below(&fleet->random, RB_DISPATCH_PATIENCE_MS),
            .expected_ms = 240000,
            .limits = &LIMIT,
            .limit_count = (size_t)i % 2,
            .budgets = &BUDGET,
            .budget_count = (size_t)i % 2};
    const struct rb_dispatch_queue queue = {.now_at = NOW,
                                            .budget_resets_at = NOW + RB_DISPATCH_DAY_MS / 2,
                                            .most_jobs = PLACES,
                                            .waiting = waiting,
                                            .waiting_count = IMAGES};
    for (int i = 0; i < ROUNDS; i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_dispatch dispatch;
        int64_t start_ns = now_ns();
        rb_dispatch_make(&queue, arena, &dispatch);
        times[i] = now_ns() - start_ns;
        starts = dispatch.start_count;
    }
    printf("%d queued builds of %d pipelines for %d places: %.3f ms, %zu start\n", IMAGES,
           PIPELINES, PLACES, (double)median(times, ROUNDS) / 1e6, starts);
}

int main(void)
{
    struct fleet fleet;
    make_fleet(&fleet);
    measure_scratch("nothing affected", &fleet);
    measure_changes(&fleet, "one code source changed", ROOTS, SOURCES - ROOTS);
    measure_changes(&fleet, "one base source changed", 0, ROOTS);
    affect_all(&fleet);
    measure_scratch("all affected by four packages", &fleet);
    measure_dispatch(&fleet);
    rb_arena_free(fleet.arena);
    return 0;
}
