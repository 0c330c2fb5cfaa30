/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions by the embedded server with the policy `regulated`, on one processor:
 * bench_policy REBAKE PROGRAM FOLDER. Beside them in the same run: the same rules as one PROGRAM of
 * jq, evaluated by libjq alone, and by jq run once a decision. Who asks the server has another
 * processor where there is one.
 */
#include <jq.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy_inputs.h"
#include "policy_load.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"
#include "rebake/policy/client.h"
#include "rebake/policy/policy.h"
#include "rebake/policy/server.h"

enum {
    ROUNDS = 5,
    ROUND_MS = 1000,
    CONNECTIONS = 6, /* as many as rb_http opens */
    ASKED_AHEAD = 32,
    SERVER_PROCESSOR = 0,
    CLIENT_PROCESSOR = 1
};

struct bench {
    const char *rebake, *program_path;
    char *program;
    char *socket_path;
    jq_state *jq;
    struct rb_policy *policy;
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_policy_client *client;
    json_t *inputs[POLICY_INPUTS];
    char *texts[POLICY_INPUTS];  /* of the inputs */
    char *bodies[POLICY_INPUTS]; /* of the requests */
    bool is_ready, is_over;
    size_t under_way;
    size_t next;
    int64_t answers;
};

static void want(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "bench_policy: %s\n", err->text);
    exit(1);
}

static void run_on(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)processor, &set);
    if (processor >= sysconf(_SC_NPROCESSORS_ONLN) || sched_setaffinity(0, sizeof(set), &set) != 0)
        printf("  (there is no processor %d: whoever asks takes from the server's)\n", processor);
}

static void tell(const char *what, double rate)
{
    printf("%-62s %8.0f a second\n", what, rate);
}

static double seconds_since(int64_t begun_ms)
{
    return (double)(rb_clock_monotonic_ms() - begun_ms) / 1000;
}

/* The best of some rounds: what a quiet moment allows. */
static double best(double (*round)(struct bench *bench), struct bench *bench)
{
    double most = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double rate = round(bench);
        most = rate > most ? rate : most;
    }
    return most;
}

static double load_round(struct bench *bench)
{
    const struct policy_load load = {.socket_path = bench->socket_path,
                                     .connections = CONNECTIONS,
                                     .bodies = (const char *const *)bench->bodies,
                                     .body_count = POLICY_INPUTS,
                                     .duration_ms = ROUND_MS};
    int64_t begun_ms = rb_clock_monotonic_ms();
    return (double)policy_load_run(&load) / seconds_since(begun_ms);
}

/* By the daemon's own client, which asks ahead. */
static void ask_on(struct bench *bench);

static void answered(void *context, const struct rb_policy_answer *answer,
                     const struct rb_err *error)
{
    struct bench *bench = context;
    bench->under_way--;
    if (answer == NULL)
        want(error->code, error);
    bench->answers++;
    if (!bench->is_over)
        ask_on(bench);
}

static void ask_on(struct bench *bench)
{
    for (; bench->under_way < ASKED_AHEAD; bench->under_way++)
        rb_policy_ask(bench->client, bench->inputs[bench->next++ % POLICY_INPUTS], answered, bench,
                      NULL);
}

static double client_round(struct bench *bench)
{
    int64_t begun_ms = rb_clock_monotonic_ms();
    bench->is_over = false;
    bench->answers = 0;
    ask_on(bench);
    while (rb_clock_monotonic_ms() - begun_ms < ROUND_MS)
        rb_loop_run_once(bench->loop);
    double rate = (double)bench->answers / seconds_since(begun_ms);
    bench->is_over = true;
    while (bench->under_way > 0)
        rb_loop_run_once(bench->loop);
    return rate;
}

/* What libjq gives for an input's text: the name of the rule, the caller's. */
static jv by_libjq(struct bench *bench, const char *text)
{
    jq_start(bench->jq, jv_parse(text), 0);
    return jq_next(bench->jq);
}

static double libjq_round(struct bench *bench)
{
    int64_t begun_ms = rb_clock_monotonic_ms(), count = 0;
    while (rb_clock_monotonic_ms() - begun_ms < ROUND_MS) {
        for (size_t i = 0; i < POLICY_INPUTS; i++, count++) {
            jv name = jv_dump_string(by_libjq(bench, bench->texts[i]), 0);
            RB_ASSERT(jv_get_kind(name) == JV_KIND_STRING);
            jv_free(name);
        }
    }
    return (double)count / seconds_since(begun_ms);
}

/* What the worker does for a decision, but for the socket. */
static double decide_round(struct bench *bench)
{
    int64_t begun_ms = rb_clock_monotonic_ms(), count = 0;
    struct rb_err err;
    while (rb_clock_monotonic_ms() - begun_ms < ROUND_MS) {
        for (size_t i = 0; i < POLICY_INPUTS; i++, count++) {
            RB_CLEANUP_JSON json_t *input = NULL;
            RB_CLEANUP_JSON json_t *result = NULL;
            want(rb_json_parse(bench->texts[i], strlen(bench->texts[i]), "input", &input, &err),
                 &err);
            want(rb_policy_decide(bench->policy, input, &result, &err), &err);
            RB_CLEANUP_FREE char *text = json_dumps(result, JSON_COMPACT);
            RB_ASSERT(text != NULL);
        }
    }
    return (double)count / seconds_since(begun_ms);
}

static double jq_round(struct bench *bench)
{
    int64_t begun_ms = rb_clock_monotonic_ms(), count = 0;
    const char *const arguments[] = {"jq", "-c", "-f", bench->program_path, NULL};
    struct rb_err err;
    for (; rb_clock_monotonic_ms() - begun_ms < ROUND_MS; count++) {
        const char *text = bench->texts[count % POLICY_INPUTS];
        const struct rb_process_options options = {.arguments = arguments,
                                                   .input = text,
                                                   .input_size = strlen(text),
                                                   .output_maximum = 4096,
                                                   .errors_maximum = 4096};
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result;
        want(rb_process_run(&options, &result, &err), &err);
        want(rb_process_check(&result, "jq", &err), &err);
    }
    return (double)count / seconds_since(begun_ms);
}

/* All are to decide alike, or the figures say nothing. */
static void compare(struct bench *bench)
{
    struct rb_err err;
    for (size_t i = 0; i < POLICY_INPUTS; i++) {
        RB_CLEANUP_JSON json_t *result = NULL;
        want(rb_policy_decide(bench->policy, bench->inputs[i], &result, &err), &err);
        jv name = by_libjq(bench, bench->texts[i]);
        if (jv_get_kind(name) != JV_KIND_STRING ||
            strcmp(jv_string_value(name), rb_json_get_string(result, "rule", "")) != 0)
            want(rb_err_set(&err, RB_EINTERNAL, "input %zu is decided by rule %s, not %s", i,
                            rb_json_get_string(result, "rule", ""), jv_string_value(name)),
                 &err);
        jv_free(name);
    }
}

static void prepare(struct bench *bench)
{
    struct rb_err err;
    for (int i = 0; i < POLICY_INPUTS; i++) {
        bench->inputs[i] = policy_input(i);
        bench->texts[i] = json_dumps(bench->inputs[i], JSON_COMPACT);
        bench->bodies[i] = rb_asprintf("{\"input\":%s}", bench->texts[i]);
    }
    want(rb_file_read(bench->program_path, 1 << 16, &bench->program, NULL, &err), &err);
    want(rb_policy_builtin("regulated", &bench->policy, &err), &err);
    bench->jq = jq_init();
    if (bench->jq == NULL || jq_compile(bench->jq, bench->program) == 0)
        want(rb_err_set(&err, RB_EINVALID, "%s does not compile", bench->program_path), &err);
    compare(bench);
}

static void is_ready(void *context)
{
    struct bench *bench = context;
    bench->is_ready = true;
}

static void has_failed(void *context, const struct rb_err *error, int64_t wait_ms)
{
    (void)context;
    (void)wait_ms;
    want(error->code, error);
}

/* Started on its own processor, which it keeps. */
static void measure_server(struct bench *bench)
{
    static const char *const POLICIES[] = {"builtin:regulated", NULL};
    const char *const endpoints[] = {bench->socket_path, NULL};
    bench->loop = rb_loop_new();
    bench->http = rb_http_new(bench->loop);
    const struct rb_policy_server_options options = {.loop = bench->loop,
                                                     .http = bench->http,
                                                     .program = bench->rebake,
                                                     .socket_path = bench->socket_path,
                                                     .policies = POLICIES,
                                                     .ready = is_ready,
                                                     .failed = has_failed,
                                                     .context = bench};
    const struct rb_policy_client_options client = {.endpoints = endpoints};
    struct rb_policy_server *server = rb_policy_server_start(&options);
    bench->client = rb_policy_client_new(bench->loop, bench->http, &client);
    while (!bench->is_ready)
        rb_loop_run_once(bench->loop);
    run_on(CLIENT_PROCESSOR);
    tell("rebake policy serve, over its unix socket", best(load_round, bench));
    tell("the same, asked by the daemon's client", best(client_round, bench));
    rb_policy_server_stop(server);
    rb_policy_client_free(bench->client);
    rb_http_free(bench->http);
    rb_loop_free(bench->loop);
}

static void free_all(struct bench *bench)
{
    for (size_t i = 0; i < POLICY_INPUTS; i++) {
        json_decref(bench->inputs[i]);
        rb_free(bench->texts[i]);
        rb_free(bench->bodies[i]);
    }
    jq_teardown(&bench->jq);
    rb_policy_free(bench->policy);
    rb_free(bench->program);
    rb_free(bench->socket_path);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: bench_policy REBAKE PROGRAM FOLDER\n");
        return 2;
    }
    bench.rebake = argv[1];
    bench.program_path = argv[2];
    bench.socket_path = rb_asprintf("%s/policy.sock", argv[3]);
    run_on(SERVER_PROCESSOR);
    prepare(&bench);
    printf("decisions of `regulated`, inputs of %zu bytes, on one processor, best of %d rounds\n",
           strlen(bench.texts[0]), ROUNDS);
    tell("jq, run once a decision", best(jq_round, &bench));
    tell("libjq alone: parse, evaluate, print", best(libjq_round, &bench));
    tell("rb_policy_decide, in this process", best(decide_round, &bench));
    measure_server(&bench);
    free_all(&bench);
    return 0;
}
