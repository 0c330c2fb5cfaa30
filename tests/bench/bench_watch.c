/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_watch HOST:PORT COUNT: what a check of an image costs whose tag has not moved. The registry
 * is tests/lab/moving_registry.c with COUNT repositories. Each is checked once from nothing, and
 * then once more; the processor time of the second round, a check, is printed in microseconds.
 */
#include <stdio.h>
#include <time.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/watch.h"

enum { AT_ONCE = 8 };

struct bench;

struct watched {
    struct bench *bench;
    struct rb_source source;
    json_t *memo;
    char *version;
};

struct bench {
    struct rb_watch_tools tools;
    struct watched *watched;
    uint64_t count;
    uint64_t started;
    uint64_t ended;
    uint64_t unchanged;
    int requests;
};

static void start_next(struct bench *bench);

static void check_done(void *context, const struct rb_check_outcome *outcome)
{
    struct watched *watched = context;
    struct bench *bench = watched->bench;
    if (outcome->error != NULL) {
        fprintf(stderr, "bench_watch: %s\n", outcome->error->text);
    } else {
        json_decref(watched->memo);
        watched->memo = json_incref(outcome->result->memo);
        rb_free(watched->version);
        watched->version = rb_strdup(outcome->result->version);
        bench->unchanged += outcome->result->unchanged;
    }
    bench->requests += outcome->requests;
    bench->ended++;
    start_next(bench);
}

static void start_next(struct bench *bench)
{
    static const char *const NO_PATHS[] = {NULL};
    if (bench->started == bench->count)
        return;
    struct watched *watched = &bench->watched[bench->started++];
    const struct rb_check_request request = {.source = &watched->source,
                                             .memo = watched->memo,
                                             .known_version = watched->version,
                                             .paths = NO_PATHS};
    (void)rb_check_start(&bench->tools, &request, check_done, watched);
}

static int64_t processor_us(void)
{
    struct timespec spent;
    RB_ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0);
    return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

/* Checks all; returns the processor time. */
static int64_t check_all(struct bench *bench)
{
    int64_t before_us = processor_us();
    bench->started = bench->ended = bench->unchanged = 0;
    bench->requests = 0;
    for (int i = 0; i < AT_ONCE; i++)
        start_next(bench);
    while (bench->ended < bench->count)
        rb_loop_run_once(bench->tools.loop);
    return processor_us() - before_us;
}

int main(int argc, char **argv)
{
    struct bench bench = {.tools = {.clock = &rb_clock_system, .program = "", .cache_folder = ""}};
    if (argc != 3 || !rb_text_to_u64(argv[2], &bench.count) || bench.count == 0) {
        fputs("usage: bench_watch HOST:PORT COUNT\n", stderr);
        return 2;
    }
    bench.tools.loop = rb_loop_new();
    bench.tools.http = rb_http_new(bench.tools.loop);
    bench.tools.registry = rb_registry_new(bench.tools.http);
    bench.watched = rb_calloc(bench.count, sizeof(*bench.watched));
    for (uint64_t i = 0; i < bench.count; i++) {
        bench.watched[i].bench = &bench;
        bench.watched[i].source.kind = RB_SOURCE_IMAGE;
        bench.watched[i].source.image.repository =
            rb_asprintf("%s/soak/r%llu", argv[1], (unsigned long long)i);
        bench.watched[i].source.image.tag = "t";
    }
    (void)check_all(&bench);
    int64_t spent_us = check_all(&bench);
    bool good = bench.unchanged == bench.count && bench.requests == (int)bench.count;
    printf("%lld\n", (long long)(spent_us / (int64_t)bench.count));
    for (uint64_t i = 0; i < bench.count; i++) {
        rb_free((char *)(uintptr_t)bench.watched[i].source.image.repository);
        json_decref(bench.watched[i].memo);
        rb_free(bench.watched[i].version);
    }
    rb_free(bench.watched);
    rb_registry_free(bench.tools.registry);
    rb_http_free(bench.tools.http);
    rb_loop_free(bench.tools.loop);
    return good ? 0 : 1;
}
