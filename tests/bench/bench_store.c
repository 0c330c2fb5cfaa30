/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store with a long history behind it: bench_store FOLDER [BUILDS]. What people ask for is
 * measured over all of it, and a commit beside its limit in the same run: writing as much to a file
 * and waiting for the disk.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/text.h"
#include "rebake/store/builds.h"
#include "rebake/store/events.h"
#include "rebake/store/sources.h"

enum {
    PIPELINES = 100,
    IMAGES = 10000,
    BUILDS = 100000,
    BUILDS_IN_TRANSACTION = 1000,
    ROUNDS = 200,
    COMMIT_BYTES = 4096 + 24 /* what a check adds to the log: one page and its head */
};

struct bench {
    struct rb_store *store;
    struct rb_random random;
    int64_t builds;
    int64_t source_id;
    int64_t image_id; /* the one that is asked about */
    char subject[64];
};

static void want(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "bench_store: %s\n", err->text);
    exit(1);
}

static void add_pipelines(struct bench *bench)
{
    struct rb_err err;
    int64_t pipeline_id = 0, image_id;
    want(rb_store_begin(bench->store, &err), &err);
    for (int i = 0; i < IMAGES; i++) {
        char name[32];
        if (i % (IMAGES / PIPELINES) == 0) {
            (void)snprintf(name, sizeof(name), "pipeline%d", i / (IMAGES / PIPELINES));
            want(rb_store_put_pipeline(bench->store, name, "f", "h", &pipeline_id, &err), &err);
            want(rb_store_put_source(bench->store, pipeline_id, "code", name, "git", "{}", name,
                                     &bench->source_id, &err),
                 &err);
        }
        (void)snprintf(name, sizeof(name), "image%d", i);
        want(rb_store_put_image(bench->store, pipeline_id, name, "r", &image_id, &err), &err);
    }
    want(rb_store_commit(bench->store, &err), &err);
}

/* A build as a pipeline leaves it: two reasons, a lock of a kilobyte, an artifact. */
static void add_build(struct bench *bench, int64_t number)
{
    const struct rb_reason reasons[] = {
        {.kind = "package", .subject = "perl", .from = "5.36.0-7", .to = "5.36.0-7+deb12u3"},
        {.kind = "base", .subject = "runtime", .from = "sha256:a", .to = "sha256:b"}};
    struct rb_err err;
    char lock[1024], digest[80];
    int64_t image_id = 1 + number % IMAGES, build_id;
    memset(lock, 'x', sizeof(lock));
    memcpy(lock, "{\"l\":\"", 6);
    memcpy(lock + sizeof(lock) - 3, "\"}", 3);
    (void)snprintf(digest, sizeof(digest), "sha256:%064llx", (unsigned long long)number);
    want(rb_store_add_build(bench->store, image_id, 1, lock, digest + 7, digest + 7, reasons,
                            RB_COUNT_OF(reasons), &build_id, &err),
         &err);
    want(rb_store_start_build(bench->store, build_id, "/var/lib/rebake/jobs/build", 1, 1, &err),
         &err);
    const struct rb_build_end end = {.build_id = build_id,
                                     .state = RB_BUILD_SUCCEEDED,
                                     .reference = "registry.example.com/shop/app",
                                     .digest = digest,
                                     .size_bytes = 1,
                                     .good = true};
    want(rb_store_end_build(bench->store, &end, NULL, &err), &err);
}

static void fill(struct bench *bench)
{
    struct rb_err err;
    int64_t start_ms = rb_clock_monotonic_ms();
    add_pipelines(bench);
    for (int64_t i = 0; i < bench->builds; i++) {
        if (i % BUILDS_IN_TRANSACTION == 0)
            want(rb_store_begin(bench->store, &err), &err);
        add_build(bench, i);
        if ((i + 1) % BUILDS_IN_TRANSACTION == 0 || i + 1 == bench->builds)
            want(rb_store_commit(bench->store, &err), &err);
    }
    printf("filled: %lld builds, %lld events and more, in %.1f s\n", (long long)bench->builds,
           (long long)bench->builds * 4, (double)(rb_clock_monotonic_ms() - start_ms) / 1000);
}

static void ask_images(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_image_row *rows;
    size_t count;
    want(rb_store_images(bench->store, arena, &rows, &count, &err), &err);
}

static void ask_builds_of_image(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_build_row *rows;
    size_t count;
    want(rb_store_builds(bench->store, bench->image_id, false, 20, arena, &rows, &count, &err),
         &err);
}

static void ask_open_builds(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_build_row *rows;
    size_t count;
    want(rb_store_builds(bench->store, 0, true, 0, arena, &rows, &count, &err), &err);
}

static void ask_good_build(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_build_row row;
    want(rb_store_good_build(bench->store, bench->image_id, arena, &row, &err), &err);
}

static void ask_newest_events(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_event *events;
    size_t count;
    want(rb_store_events(bench->store, NULL, 0, 50, arena, &events, &count, &err), &err);
}

static void ask_events_of_image(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_event *events;
    size_t count;
    want(rb_store_events(bench->store, bench->subject, 0, 50, arena, &events, &count, &err), &err);
}

static void ask_events_of_build(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    struct rb_event *events;
    size_t count;
    want(rb_store_events(bench->store, "build:7", 0, 50, arena, &events, &count, &err), &err);
}

static void commit_a_check(struct bench *bench, struct rb_arena *arena)
{
    struct rb_err err;
    /* Another time each: SQLite does not write a row that is as it was. */
    const struct rb_check_record record = {
        .source_id = bench->source_id, .checked_at = bench->image_id, .requests = 1, .bytes = 1};
    (void)arena;
    want(rb_store_record_check(bench->store, &record, NULL, &err), &err);
}

static void measure(struct bench *bench, const char *what,
                    void (*ask)(struct bench *bench, struct rb_arena *arena))
{
    int64_t worst_ms = 0, start_ms = rb_clock_monotonic_ms();
    for (int i = 0; i < ROUNDS; i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        int64_t begin_ms = rb_clock_monotonic_ms();
        int64_t image = (int64_t)rb_random_below(&bench->random, IMAGES);
        bench->image_id = 1 + image;
        (void)snprintf(bench->subject, sizeof(bench->subject), "pipeline%lld/image%lld",
                       (long long)image / (IMAGES / PIPELINES), (long long)image);
        ask(bench, arena);
        int64_t took_ms = rb_clock_monotonic_ms() - begin_ms;
        worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
    }
    printf("%-44s %9.3f ms, at most %lld ms\n", what,
           (double)(rb_clock_monotonic_ms() - start_ms) / ROUNDS, (long long)worst_ms);
}

static void measure_disk(const char *folder)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/bench.log", folder);
    RB_CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static const char data[COMMIT_BYTES];
    struct rb_err err;
    int64_t start_ms = rb_clock_monotonic_ms();
    for (int i = 0; i < ROUNDS; i++) {
        want(rb_write_all(fd, data, sizeof(data), &err), &err);
        if (fdatasync(fd) != 0)
            want(RB_EIO, &(struct rb_err){.text = "fdatasync failed"});
    }
    printf("%-44s %9.3f ms\n", "limit: write as much, wait for the disk",
           (double)(rb_clock_monotonic_ms() - start_ms) / ROUNDS);
}

int main(int argc, char **argv)
{
    struct bench bench = {.builds = BUILDS};
    struct rb_err err;
    if (argc < 2 || argc > 3 || (argc == 3 && !rb_text_to_i64(argv[2], &bench.builds))) {
        fprintf(stderr, "usage: bench_store FOLDER [BUILDS]\n");
        return 2;
    }
    RB_CLEANUP_FREE char *prefix = rb_asprintf("%s/store-", argv[1]);
    RB_CLEANUP_FREE char *folder = NULL;
    want(rb_folder_make_temporary(prefix, &folder, &err), &err);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/rebake.db", folder);
    int64_t size_bytes = 0;
    rb_random_seed(&bench.random, 1);
    want(rb_store_open(path, &rb_clock_system, &bench.store, &err), &err);
    fill(&bench);
    want(rb_file_size(path, &size_bytes, &err), &err);
    printf("file: %.1f MB\n", (double)size_bytes / 1e6);
    measure(&bench, "all images, as for status", ask_images);
    measure(&bench, "builds under way", ask_open_builds);
    measure(&bench, "newest 20 builds of an image, with reasons", ask_builds_of_image);
    measure(&bench, "the good build of an image", ask_good_build);
    measure(&bench, "newest 50 events", ask_newest_events);
    measure(&bench, "newest 50 events of an image", ask_events_of_image);
    measure(&bench, "events of a build", ask_events_of_build);
    measure(&bench, "record a check, committed", commit_a_check);
    measure_disk(folder);
    rb_store_close(bench.store);
    want(rb_tree_remove(folder, &err), &err);
    return 0;
}
