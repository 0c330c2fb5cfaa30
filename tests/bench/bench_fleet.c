/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which images a patch touches: bench_fleet STORE [IMAGES]. Fills a new store with images of 300
 * packages, all lists different, and asks for what new versions of some packages would rebuild. The
 * ids of the packages that were asked for last are left in STORE.asked, so that the same question
 * can be put to SQLite alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rebake/base/file.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"
#include "rebake/store/builds.h"
#include "rebake/store/packages.h"
#include "rebake/store/sources.h"

enum {
    IMAGES = 10000,
    PACKAGES_IN_COMMON = 100, /* the base's */
    PACKAGES_OF_ITS_OWN = 200,
    NAMES = 20000, /* that the own ones are drawn from, in three versions */
    NEW_VERSIONS = 500,
    IMAGES_IN_TRANSACTION = 100,
    ROUNDS = 21
};

struct bench {
    struct rb_store *store;
    struct rb_random random;
    int64_t images;
};

struct affected {
    size_t packages;
    size_t images;
};

static void want(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "bench_fleet: %s\n", err->text);
    exit(1);
}

static double processor_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void add_package(json_t *packages, const char *kind, uint64_t number, uint64_t version)
{
    char name[48], text[48];
    (void)snprintf(name, sizeof(name), "%s%llu", kind, (unsigned long long)number);
    (void)snprintf(text, sizeof(text), "1.2.%llu-1+deb12u1", (unsigned long long)version);
    json_t *package = rb_json_object();
    rb_json_set_string(package, "type", "deb");
    rb_json_set_string(package, "name", name);
    rb_json_set_string(package, "version", text);
    rb_json_set_string(package, "architecture", "amd64");
    rb_json_append(packages, package);
}

static json_t *make_inventory(struct bench *bench)
{
    json_t *packages = rb_json_array(), *distribution = rb_json_object();
    json_t *inventory = rb_json_object();
    for (uint64_t i = 0; i < PACKAGES_IN_COMMON; i++)
        add_package(packages, "base", i, 1);
    for (uint64_t i = 0; i < PACKAGES_OF_ITS_OWN; i++)
        add_package(packages, "package", rb_random_below(&bench->random, NAMES),
                    rb_random_below(&bench->random, 3));
    rb_json_set_string(distribution, "id", "debian");
    rb_json_set_string(distribution, "version", "12");
    rb_json_set(inventory, "distribution", distribution);
    rb_json_set(inventory, "packages", packages);
    return inventory;
}

static void add_image(struct bench *bench, int64_t pipeline_id, int64_t number)
{
    struct rb_err err;
    RB_CLEANUP_JSON json_t *inventory = make_inventory(bench);
    int64_t image_id, build_id;
    char text[80];
    (void)snprintf(text, sizeof(text), "image%lld", (long long)number);
    want(rb_store_put_image(bench->store, pipeline_id, text, "r", &image_id, &err), &err);
    want(rb_store_add_build(bench->store, image_id, 1, "{}", "l", "k", NULL, 0, &build_id, &err),
         &err);
    (void)snprintf(text, sizeof(text), "sha256:%064llx", (unsigned long long)number);
    const struct rb_build_end end = {.build_id = build_id,
                                     .state = RB_BUILD_SUCCEEDED,
                                     .reference = "registry.example.com/shop/app",
                                     .digest = text,
                                     .good = true,
                                     .inventory = inventory};
    want(rb_store_end_build(bench->store, &end, NULL, &err), &err);
}

static void fill(struct bench *bench)
{
    struct rb_err err;
    int64_t pipeline_id;
    double start_ms = processor_ms();
    want(rb_store_put_pipeline(bench->store, "fleet", "f", "h", &pipeline_id, &err), &err);
    for (int64_t i = 0; i < bench->images; i++) {
        if (i % IMAGES_IN_TRANSACTION == 0)
            want(rb_store_begin(bench->store, &err), &err);
        add_image(bench, pipeline_id, i);
        if ((i + 1) % IMAGES_IN_TRANSACTION == 0 || i + 1 == bench->images)
            want(rb_store_commit(bench->store, &err), &err);
    }
    printf("filled: %lld images of %d packages, each in %.2f ms\n", (long long)bench->images,
           PACKAGES_IN_COMMON + PACKAGES_OF_ITS_OWN,
           (processor_ms() - start_ms) / (double)bench->images);
}

/* The packages of the name that are older than what a repository now has. */
static size_t add_older(struct bench *bench, const char *name, const char *version,
                        struct rb_arena *arena, int64_t *ids)
{
    struct rb_package_row *rows;
    struct rb_err err;
    size_t count, older = 0;
    want(rb_store_packages_named(bench->store, name, false, arena, &rows, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        if (rb_version_compare_deb(rows[i].version, version) < 0)
            ids[older++] = rows[i].id;
    }
    return older;
}

static void leave_asked(const char *store_path, const int64_t *ids, size_t count)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s.asked", store_path);
    FILE *stream = fopen(path, "w");
    if (stream == NULL)
        want(RB_EIO, &(struct rb_err){.text = "the asked packages cannot be written down"});
    for (size_t i = 0; i < count; i++)
        (void)fprintf(stream, "%lld\n", (long long)ids[i]);
    (void)fclose(stream);
}

/* As a repository's change asks: which images hold an older version of what it offers now? */
static struct affected ask(struct bench *bench, const char *kind, size_t names, const char *left_at)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_FREE int64_t *ids = rb_calloc(names * 4, sizeof(*ids));
    struct rb_holder_row *holders;
    struct rb_err err;
    size_t count = 0, holder_count;
    for (size_t i = 0; i < names; i++) {
        char name[48];
        (void)snprintf(name, sizeof(name), "%s%zu", kind, i);
        count += add_older(bench, name, "1.2.2-1+deb12u1", arena, ids + count);
    }
    want(rb_store_holders(bench->store, ids, count, true, arena, &holders, &holder_count, &err),
         &err);
    if (left_at != NULL)
        leave_asked(left_at, ids, count);
    return (struct affected){count, holder_count};
}

static int compare_times(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void measure(struct bench *bench, const char *kind, size_t names, const char *left_at)
{
    double times[ROUNDS];
    struct affected affected = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        double start_ms = processor_ms();
        affected = ask(bench, kind, names, NULL);
        times[i] = processor_ms() - start_ms;
    }
    if (left_at != NULL)
        (void)ask(bench, kind, names, left_at);
    qsort(times, ROUNDS, sizeof(times[0]), compare_times);
    printf("%4zu new versions of %s packages: %zu older ones, %zu images: %8.3f ms\n", names, kind,
           affected.packages, affected.images, times[ROUNDS / 2]);
}

static void tell_size(const struct bench *bench, const char *path)
{
    struct rb_err err;
    int64_t bytes = 0;
    double rows = (double)bench->images * (PACKAGES_IN_COMMON + PACKAGES_OF_ITS_OWN);
    want(rb_file_size(path, &bytes, &err), &err);
    printf("on disk: %.1f MB, %.1f bytes a package of an image\n", (double)bytes / 1e6,
           (double)bytes / rows);
}

int main(int argc, char **argv)
{
    struct bench bench = {.images = IMAGES};
    struct rb_err err;
    if (argc < 2 || argc > 3 || (argc == 3 && !rb_text_to_i64(argv[2], &bench.images))) {
        fprintf(stderr, "usage: bench_fleet STORE [IMAGES]\n");
        return 2;
    }
    rb_random_seed(&bench.random, 1);
    want(rb_store_open(argv[1], &rb_clock_system, &bench.store, &err), &err);
    fill(&bench);
    tell_size(&bench, argv[1]);
    measure(&bench, "package", 1, NULL);
    measure(&bench, "base", 1, NULL);
    measure(&bench, "package", NEW_VERSIONS, argv[1]);
    rb_store_close(bench.store);
    return 0;
}
