/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_git_check URL BRANCH: processor time of a check of an unchanged repository over http,
 * beside `git ls-remote URL refs/heads/BRANCH` in the same run on the same server. The server's
 * time is not in either.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/loop/process.h"
#include "rebake/net/session.h"
#include "rebake/watch/watch.h"

enum { CHECKS = 400, AT_ONCE = 32, PEER_RUNS = 40, WARM = 20 };

struct bench {
    struct rb_watch_tools tools;
    struct rb_source source;
    json_t *memo;
    char *version;
    int to_start, under_way, failed, requests;
};

static double cpu_ms(int who)
{
    struct rusage usage;
    RB_ASSERT(getrusage(who, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static double wall_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static void start_some(struct bench *bench);

static void on_checked(void *context, const struct rb_check_outcome *outcome)
{
    struct bench *bench = context;
    bench->under_way--;
    bench->requests += outcome->requests;
    if (outcome->error != NULL || (bench->version != NULL && !outcome->result->unchanged)) {
        fprintf(stderr, "%s\n", outcome->error == NULL ? "it has changed" : outcome->error->text);
        bench->failed++;
        bench->to_start = 0;
        return;
    }
    if (bench->version == NULL) {
        bench->version = rb_strdup(outcome->result->version);
        bench->memo = json_incref(outcome->result->memo);
    }
    start_some(bench);
}

static void start_some(struct bench *bench)
{
    static const char *const PATHS[] = {".", NULL};
    const struct rb_check_request request = {.source = &bench->source,
                                             .memo = bench->memo,
                                             .known_version = bench->version,
                                             .paths = PATHS};
    while (bench->to_start > 0 && bench->under_way < AT_ONCE) {
        bench->to_start--;
        bench->under_way++;
        (void)rb_check_start(&bench->tools, &request, on_checked, bench);
    }
}

static void run_checks(struct bench *bench, int count)
{
    bench->to_start = count;
    bench->requests = 0;
    start_some(bench);
    rb_loop_run(bench->tools.loop);
}

static double measure_checks(struct bench *bench)
{
    run_checks(bench, WARM);
    double cpu = cpu_ms(RUSAGE_SELF), wall = wall_ms();
    run_checks(bench, CHECKS);
    cpu = (cpu_ms(RUSAGE_SELF) - cpu) / CHECKS;
    wall = wall_ms() - wall;
    printf("%-34s %8.3f ms CPU each  %8.0f a second  %.2f requests each\n",
           "rebake: unchanged check", cpu, CHECKS / wall * 1e3, (double)bench->requests / CHECKS);
    return cpu;
}

static double measure_peer(const char *url, const char *branch)
{
    RB_CLEANUP_FREE char *ref = rb_asprintf("refs/heads/%s", branch);
    const char *const arguments[] = {"git", "ls-remote", "--quiet", url, ref, NULL};
    const struct rb_process_options options = {
        .arguments = arguments, .output_maximum = 1 << 16, .errors_maximum = 1 << 12};
    struct rb_err err;
    double cpu = cpu_ms(RUSAGE_CHILDREN), wall = wall_ms();
    for (int i = 0; i < PEER_RUNS; i++) {
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
        if (rb_process_run(&options, &result, &err) != 0 ||
            rb_process_check(&result, "git ls-remote", &err) != 0) {
            fprintf(stderr, "%s\n", err.text);
            return 0;
        }
    }
    cpu = (cpu_ms(RUSAGE_CHILDREN) - cpu) / PEER_RUNS;
    wall = wall_ms() - wall;
    printf("%-34s %8.3f ms CPU each  %8.0f a second, one by one\n", "git ls-remote", cpu,
           PEER_RUNS / wall * 1e3);
    return cpu;
}

/* The first check fetches: this program is its own `rebake internal git-check`. */
static int measure(const char *url, const char *branch, const char *cache, const char *program)
{
    struct rb_net_session session;
    rb_net_session_init(&session);
    struct bench bench = {
        .tools = {.loop = session.loop,
                  .http = session.http,
                  .program = program,
                  .cache_folder = cache},
        .source = {.name = "bench", .kind = RB_SOURCE_GIT, .git = {.url = url, .branch = branch}}};
    run_checks(&bench, 1);
    if (bench.failed == 0) {
        double ours = measure_checks(&bench), peer = measure_peer(url, branch);
        if (bench.failed == 0 && peer > 0)
            printf("%-34s %8.1f times less\n", "processor time", peer / ours);
    }
    json_decref(bench.memo);
    rb_free(bench.version);
    rb_net_session_deinit(&session);
    return bench.failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    char program[4096];
    if (argc == 3 && strcmp(argv[1], "internal") == 0)
        return rb_git_check_main(STDIN_FILENO, STDOUT_FILENO, NULL);
    if (argc != 4) {
        fprintf(stderr, "usage: bench_git_check URL BRANCH CACHE\n");
        return 2;
    }
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    RB_ASSERT(size > 0);
    program[size] = '\0';
    return measure(argv[1], argv[2], argv[3], program);
}
