/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks that are stored before they are answered: bench_hooks FOLDER. Beside them in the same
 * run, on the same disk: SQLite adding one row in each commit, and the same server answering
 * without storing. The sender has a process of its own.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook_load.h"
#include "rebake/api/hooks.h"
#include "rebake/base/memory.h"

enum { CONNECTIONS = 64, ROUNDS = 5, ROUND_MS = 1000, WARM_UP_MS = 200, LATENCIES = 1 << 20 };

static const char SECRET[] = "a secret of the benchmark's";

struct server {
    struct rb_store *store; /* NULL: nothing is stored */
    int64_t next_id;
    int64_t *transactions; /* shared with who measures */
};

static void want(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "bench_hooks: %s\n", err->text);
    exit(1);
}

static struct rb_store *open_store(const char *folder, const char *name)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    struct rb_store *store = NULL;
    struct rb_err err;
    (void)unlink(path);
    want(rb_store_open(path, &rb_clock_system, &store, &err), &err);
    return store;
}

/* One row a commit: what storing each by itself would give. */
static double single_rate(const char *folder)
{
    struct rb_store *store = open_store(folder, "single.db");
    int64_t begun_ms = rb_clock_monotonic_ms(), count = 0;
    while (rb_clock_monotonic_ms() - begun_ms < ROUND_MS) {
        char key[32];
        (void)snprintf(key, sizeof(key), "%lld", (long long)count++);
        struct rb_delivery row = {.hook = "shop", .key = key, .things = "[]", .received_at = 1};
        struct rb_delivery *rows[] = {&row};
        struct rb_err err;
        want(rb_store_add_deliveries(store, rows, 1, &err), &err);
    }
    double seconds = (double)(rb_clock_monotonic_ms() - begun_ms) / 1000;
    rb_store_close(store);
    return (double)count / seconds;
}

static void match(void *context, const struct rb_hook_settings *hook,
                  const struct rb_hook_news *news, struct rb_arena *arena,
                  struct rb_accepted_hook *ret_hook)
{
    static const size_t numbers[] = {0};
    static const char *const names[] = {"shop/code"};
    (void)context;
    (void)hook;
    (void)news;
    (void)arena;
    ret_hook->sources = numbers;
    ret_hook->source_names = names;
    ret_hook->source_count = 1;
}

static int store_all(void *context, struct rb_accepted_hook *const *hooks, size_t count,
                     struct rb_err *err)
{
    struct server *server = context;
    RB_CLEANUP_FREE struct rb_delivery **rows = rb_calloc(count, sizeof(struct rb_delivery *));
    ++*server->transactions;
    for (size_t i = 0; i < count; i++) {
        rows[i] = &hooks[i]->row;
        rows[i]->id = ++server->next_id;
    }
    return server->store == NULL ? 0 : rb_store_add_deliveries(server->store, rows, count, err);
}

static struct rb_settings *make_settings(int port)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP_FREE char *text =
        rb_asprintf("{apiVersion: rebake/v1, settings: bench,"
                    " listen: {address: \"127.0.0.1:%d\", proxies: [127.0.0.1]},"
                    " hooks: {shop: {provider: github, secret: {secret: bench}, rate: 1000000/s}}}",
                    port);
    struct rb_settings *settings = NULL;
    struct rb_err err;
    want(rb_settings_parse(text, strlen(text), "bench", &settings, &diagnostics, &err), &err);
    return settings;
}

/* Serves until it is killed; says on the pipe when it listens. */
static void serve(const char *folder, bool stores, int port, int ready_fd, int64_t *transactions)
{
    struct server server = {.store = stores ? open_store(folder, "hooks.db") : NULL,
                            .transactions = transactions};
    struct rb_loop *loop = rb_loop_new();
    struct rb_hooks *hooks;
    struct rb_err err;
    const struct rb_hooks_options options = {.loop = loop,
                                             .clock = &rb_clock_system,
                                             .settings = make_settings(port),
                                             .context = &server,
                                             .match = match,
                                             .store = store_all};
    want(rb_hooks_start(&options, &hooks, &err), &err);
    want(write(ready_fd, "r", 1) == 1 ? 0 : -1, &err);
    rb_loop_run(loop);
}

struct latencies {
    int *us;
    size_t count;
    int64_t others; /* answers but 202 */
};

static void answered(void *context, int64_t number, int status, int64_t took_us)
{
    struct latencies *latencies = context;
    (void)number;
    latencies->others += status != 202;
    if (latencies->count < LATENCIES)
        latencies->us[latencies->count++] = (int)took_us;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    RB_CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    RB_ASSERT(bind(fd, (struct sockaddr *)&address, size) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

static double processor_us(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* What one round of a way gave. */
struct figures {
    double rate; /* a second */
    double p50_ms;
    double p99_ms;
    double processor_us; /* of the server, for each */
    double together;     /* in a transaction */
    int64_t others;      /* answers but 202 */
};

static struct figures measure(const char *folder, bool stores)
{
    struct latencies latencies = {.us = rb_calloc(LATENCIES, sizeof(int))};
    struct rusage usage;
    int ready[2], port = free_port();
    char byte;
    int64_t *transactions = mmap(NULL, sizeof(*transactions), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    RB_ASSERT(transactions != MAP_FAILED && pipe(ready) == 0);
    pid_t server = fork();
    if (server == 0) {
        serve(folder, stores, port, ready[1], transactions);
        _exit(1);
    }
    (void)close(ready[1]);
    RB_ASSERT(read(ready[0], &byte, 1) == 1);
    struct hook_load load = {.port = port,
                             .connections = CONNECTIONS,
                             .path = "/hooks/github/shop",
                             .secret = SECRET,
                             .repository = "https://git.example.com/shop/code.git",
                             .duration_ms = WARM_UP_MS,
                             .first_number = 1,
                             .answered = answered,
                             .context = &latencies};
    load.first_number += hook_load_run(&load) + CONNECTIONS;
    latencies.count = 0;
    load.duration_ms = ROUND_MS;
    int64_t begun_ms = rb_clock_monotonic_ms(), count = hook_load_run(&load);
    double seconds = (double)(rb_clock_monotonic_ms() - begun_ms) / 1000;
    (void)kill(server, SIGKILL);
    (void)wait4(server, NULL, 0, &usage);
    (void)close(ready[0]);
    qsort(latencies.us, latencies.count, sizeof(int), compare);
    struct figures figures = {
        .rate = (double)count / seconds,
        .p50_ms = latencies.us[latencies.count / 2] / 1000.0,
        .p99_ms = latencies.us[latencies.count * 99 / 100] / 1000.0,
        .processor_us = processor_us(&usage) / (double)(load.first_number + count),
        .together = (double)(load.first_number + count) / (double)*transactions,
        .others = latencies.others};
    (void)munmap(transactions, sizeof(*transactions));
    rb_free(latencies.us);
    return figures;
}

static void print_figures(const char *way, const struct figures *figures)
{
    printf("%-34s %9.0f /s  p50 %.2f ms  p99 %.2f ms  server's processor %.0f us each, %.0f in a "
           "transaction%s\n",
           way, figures->rate, figures->p50_ms, figures->p99_ms, figures->processor_us,
           figures->together, figures->others > 0 ? "  AND OTHER ANSWERS THAN 202" : "");
}

int main(int argc, char **argv)
{
    double single = 0;
    struct figures plain = {0}, stored = {0};
    if (argc != 2) {
        fputs("usage: bench_hooks FOLDER\n", stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    setenv("REBAKE_SECRET_BENCH", SECRET, 1);
    for (int i = 0; i < ROUNDS; i++) {
        double rate = single_rate(argv[1]);
        struct figures without = measure(argv[1], false), with = measure(argv[1], true);
        single = rate > single ? rate : single;
        plain = without.rate > plain.rate ? without : plain;
        stored = with.rate > stored.rate ? with : stored;
    }
    printf("%d connections; the best of %d rounds of %d s, one way after the other\n", CONNECTIONS,
           ROUNDS, ROUND_MS / 1000);
    printf("%-34s %9.0f /s\n", "SQLite, one row a commit", single);
    print_figures("answered without storing", &plain);
    print_figures("stored, then answered", &stored);
    printf("stored are %.1f times one row a commit (wanted 3), and without storing there are %.2f "
           "times as many (wanted at most 1.5)\n",
           stored.rate / single, plain.rate / stored.rate);
    return 0;
}
