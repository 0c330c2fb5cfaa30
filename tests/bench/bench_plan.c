/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner over 10,000 images: with nothing, one and all of them affected, beside its limits in
 * the same run: one plain pass that reads the same memory, and SHA-256 over what the keys hold.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/plan/plan.h"

enum { IMAGES = 10000, BASES = 100, UPDATES = 4, ROUNDS = 50 };

static int64_t now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

/* A digest of its own allocation, as the store's answers have them. */
static const char *digest_of(struct rb_arena *arena, struct rb_random *random)
{
    uint64_t a = rb_random_next(random), b = rb_random_next(random);
    return rb_arena_printf(arena, "sha256:%016llx%016llx%016llx%016llx", (unsigned long long)a,
                           (unsigned long long)b, (unsigned long long)(a ^ b),
                           (unsigned long long)(a + b));
}

static void make_image(struct rb_plan_image *images, int index, struct rb_arena *arena,
                       struct rb_random *random)
{
    struct rb_plan_image *image = &images[index];
    *image = (struct rb_plan_image){
        .name = rb_arena_printf(arena, "shop/image%d", index),
        .base = index < BASES ? RB_PLAN_NO_BASE : (int)rb_random_below(random, (uint64_t)index),
        .base_name = "base",
        .code_name = "code",
        .artifact_digest = digest_of(arena, random),
        .now = {digest_of(arena, random), digest_of(arena, random), digest_of(arena, random)},
        .last = RB_LAST_GOOD,
        .last_key = digest_of(arena, random),
    };
    image->built = (struct rb_plan_inputs){rb_arena_strdup(arena, image->now.recipe),
                                           rb_arena_strdup(arena, image->now.base_digest),
                                           rb_arena_strdup(arena, image->now.tree)};
    if (image->base != RB_PLAN_NO_BASE)
        image->built.base_digest = rb_arena_strdup(arena, images[image->base].artifact_digest);
}

static void affect(struct rb_plan_image *image, struct rb_arena *arena)
{
    struct rb_plan_update *updates = rb_arena_array(arena, UPDATES, sizeof(*updates));
    for (int i = 0; i < UPDATES; i++)
        updates[i] = (struct rb_plan_update){.package = rb_arena_printf(arena, "package%d", i),
                                             .from = rb_arena_strdup(arena, "5.36.0-7+deb12u2"),
                                             .to = rb_arena_strdup(arena, "5.36.0-7+deb12u3")};
    image->updates = updates;
    image->update_count = UPDATES;
}

static size_t read_text(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static size_t read_image(const struct rb_plan_image *image)
{
    size_t sum = read_text(image->now.recipe) + read_text(image->now.base_digest) +
                 read_text(image->now.tree) + read_text(image->built.recipe) +
                 read_text(image->built.base_digest) + read_text(image->built.tree) +
                 read_text(image->artifact_digest) + read_text(image->last_key);
    for (size_t i = 0; i < image->update_count; i++)
        sum += read_text(image->updates[i].package) + read_text(image->updates[i].from) +
               read_text(image->updates[i].to);
    return sum;
}

static void hash_text(struct rb_sha256 *hash, const char *text)
{
    rb_sha256_update(hash, text, strlen(text));
}

static void hash_inputs(const struct rb_plan_image *image)
{
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    char hex[RB_SHA256_HEX_SIZE];
    hash_text(hash, image->now.recipe);
    hash_text(hash, image->now.base_digest);
    hash_text(hash, image->now.tree);
    for (size_t i = 0; i < image->update_count; i++) {
        hash_text(hash, image->updates[i].package);
        hash_text(hash, image->updates[i].to);
    }
    rb_sha256_hex(hash, hex);
}

static void report(const char *what, int64_t total_ns, size_t builds)
{
    double each = (double)total_ns / ROUNDS / IMAGES;
    printf("%-34s %8.1f ns an image  %8.3f ms in all  %6zu to build\n", what, each,
           each * IMAGES / 1e6, builds);
}

static void measure(const char *what, const struct rb_plan_image *images)
{
    struct rb_plan_snapshot snapshot = {1000000000, images, IMAGES};
    size_t builds = 0;
    int64_t start_ns = now_ns();
    for (int i = 0; i < ROUNDS; i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_plan plan;
        rb_plan_make(&snapshot, arena, &plan);
        builds = plan.build_count;
    }
    report(what, now_ns() - start_ns, builds);
}

static void measure_limits(const struct rb_plan_image *images)
{
    volatile size_t sum = 0;
    int64_t start_ns = now_ns();
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < IMAGES; j++)
            sum += read_image(&images[j]);
    }
    (void)sum;
    report("limit: a pass over the same memory", now_ns() - start_ns, 0);
    start_ns = now_ns();
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < IMAGES; j++)
            hash_inputs(&images[j]);
    }
    report("limit: SHA-256 of all inputs", now_ns() - start_ns, 0);
}

int main(void)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_random random;
    struct rb_plan_image *images = rb_arena_array(arena, IMAGES, sizeof(*images));
    rb_random_seed(&random, 1);
    for (int i = 0; i < IMAGES; i++)
        make_image(images, i, arena, &random);
    measure("plan: nothing affected", images);
    affect(&images[BASES + 1], arena);
    measure("plan: one affected", images);
    for (int i = 0; i < IMAGES; i++)
        affect(&images[i], arena);
    measure("plan: all affected", images);
    measure_limits(images);
    return 0;
}
