/* SPDX-License-Identifier: Apache-2.0 */
/*
 *      start ──▶ STARTING ──it answers──▶ READY ◀──────┐
 *        ▲          │                       │ ▲        │ it answers
 *        │          │                       │ └─────── ASKED, every check_ms
 *        │          └──it ends──▶ WAITING ◀─┴──it ends, or is killed: no answer, three times
 *        └── after a while, twice as long each time until it was ready ──┘
 *
 * That it is asked, how often in vain, and that it is to read its files again are members beside
 * the state. That it has read them is told by the number of times that it did, in its answer.
 */
#include "rebake/policy/server.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "front.h"
#include "rebake/base/arena.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"
#include "rebake/loop/state.h"
#include "rebake/loop/timer.h"

enum {
    FIRST_WAIT_MS = 100,
    LONGEST_WAIT_MS = 30 * 1000,
    START_CHECK_MS = 20,   /* between questions until it is ready */
    STARTS_MS = 30 * 1000, /* and when it was not by then, it hangs */
    CHECK_MS = 5000,
    FAILED_CHECKS_MAXIMUM = 3,
    ARGUMENTS_FIXED = 9, /* beside the policies */
    NUMBER_SIZE = 32
};

enum state { WAITING, STARTING, READY };

static const struct rb_state_table STATES = {
    .name = "policy server",
    .count = 3,
    .states = {[WAITING] = {"waiting", RB_STATE_BIT(STARTING)},
               [STARTING] = {"starting", RB_STATE_BIT(READY) | RB_STATE_BIT(WAITING)},
               [READY] = {"ready", RB_STATE_BIT(WAITING)}}};

struct rb_policy_server {
    struct rb_policy_server_options options;
    struct rb_arena *arena;    /* of the options' texts */
    struct rb_arena *policies; /* of the policies' */
    unsigned state;            /* enum state */
    struct rb_process *process;
    struct rb_http_transfer *check;
    struct rb_timer *timer; /* until the next start, or check */
    int64_t wait_ms;
    int64_t started_ms;
    int failed_checks;
    uint64_t reads;    /* as it said last */
    int64_t asked_ms;  /* when it was to read again */
    bool wants_reload; /* once it is ready */
    bool is_reloading;
    bool is_hanging;  /* killed for that */
    bool is_replaced; /* killed for other policies */
    bool is_stopped;  /* freed when its process has ended */
};

static void free_server(struct rb_policy_server *server)
{
    rb_arena_free(server->policies);
    rb_arena_free(server->arena);
    rb_free(server);
}

static void no_more_checks(struct rb_policy_server *server)
{
    if (server->check != NULL)
        rb_http_cancel(rb_steal(&server->check));
    rb_timer_stop(server->timer);
}

static int64_t next_wait(struct rb_policy_server *server)
{
    int64_t wait_ms = server->wait_ms;
    server->wait_ms = wait_ms * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : wait_ms * 2;
    return wait_ms;
}

static void wait_to_start(struct rb_policy_server *server, const struct rb_err *error)
{
    int64_t wait_ms = next_wait(server);
    if (server->state != WAITING)
        rb_state_move(&STATES, &server->state, WAITING);
    rb_timer_start(server->timer, wait_ms, 0);
    if (server->options.failed != NULL)
        server->options.failed(server->options.context, error, wait_ms);
}

static void process_ended(void *context, const struct rb_process_result *result)
{
    struct rb_policy_server *server = context;
    struct rb_err err;
    server->process = NULL;
    if (server->is_stopped) {
        free_server(server);
        return;
    }
    no_more_checks(server);
    if (server->is_replaced) {
        rb_state_move(&STATES, &server->state, WAITING);
        rb_timer_start(server->timer, 0, 0);
        return;
    }
    if (server->is_hanging)
        (void)rb_err_set(&err, RB_ETIMEOUT, "the policy server did not answer and was ended");
    else if (rb_process_check(result, "the policy server", &err) == 0)
        (void)rb_err_set(&err, RB_EIO, "the policy server ended");
    wait_to_start(server, &err);
}

/* --parent: should we be killed, it is to end too. */
static const char **make_arguments(const struct rb_policy_server *server, char *parent,
                                   char *timeout)
{
    const struct rb_policy_server_options *options = &server->options;
    size_t count = 0, at = 0;
    while (options->policies[count] != NULL)
        count++;
    const char **arguments = rb_calloc(ARGUMENTS_FIXED + count + 1, sizeof(*arguments));
    (void)snprintf(parent, NUMBER_SIZE, "--parent=%ld", (long)getpid());
    (void)snprintf(timeout, NUMBER_SIZE, "--timeout=%lldms", (long long)options->timeout_ms);
    arguments[at++] = options->program;
    arguments[at++] = "policy";
    arguments[at++] = "serve";
    arguments[at++] = parent;
    arguments[at++] = "--socket";
    arguments[at++] = options->socket_path;
    if (options->timeout_ms > 0)
        arguments[at++] = timeout;
    arguments[at++] = "--";
    for (size_t i = 0; i < count; i++)
        arguments[at++] = options->policies[i];
    RB_ASSERT(at <= ARGUMENTS_FIXED + count);
    return arguments;
}

/* Its log is ours. */
static void start_process(struct rb_policy_server *server)
{
    char parent[NUMBER_SIZE], timeout[NUMBER_SIZE];
    RB_CLEANUP_FREE const char **arguments = make_arguments(server, parent, timeout);
    const struct rb_process_options options = {.arguments = arguments, .log_fd = STDERR_FILENO};
    struct rb_err err;
    server->is_hanging = server->is_replaced = false;
    server->wants_reload = server->is_reloading = false;
    server->failed_checks = 0;
    server->started_ms = rb_clock_monotonic_ms();
    if (rb_process_start(server->options.loop, &options, process_ended, server, &server->process,
                         &err) != 0) {
        server->process = NULL;
        wait_to_start(server, &err);
        return;
    }
    rb_state_move(&STATES, &server->state, STARTING);
    rb_timer_start(server->timer, START_CHECK_MS, 0);
}

static void end_hanging(struct rb_policy_server *server)
{
    server->is_hanging = true;
    no_more_checks(server);
    /* It has nothing to tidy up, and would not hear a gentler word. */
    (void)kill(-rb_process_pid(server->process), SIGKILL);
    rb_process_kill(server->process);
}

static void tell_ready(const struct rb_policy_server *server)
{
    if (server->options.ready != NULL)
        server->options.ready(server->options.context);
}

/* Unless it starts, and may not listen to signals yet, or is about to already. */
static void reload(struct rb_policy_server *server)
{
    server->wants_reload = server->state == STARTING || server->is_reloading;
    if (server->wants_reload)
        return;
    (void)kill(rb_process_pid(server->process), SIGHUP);
    server->is_reloading = true;
    server->asked_ms = rb_clock_monotonic_ms();
    if (server->check == NULL)
        rb_timer_start(server->timer, START_CHECK_MS, 0);
}

static void is_well(struct rb_policy_server *server, uint64_t reads)
{
    bool is_over = rb_clock_monotonic_ms() - server->asked_ms > STARTS_MS; /* it did not hear */
    bool has_read = server->is_reloading && (reads > server->reads || is_over);
    bool was_ready = server->state == READY;
    if (!server->is_reloading || has_read)
        server->reads = reads;
    if (has_read)
        server->is_reloading = false;
    server->failed_checks = 0;
    if (!was_ready) {
        rb_state_move(&STATES, &server->state, READY);
        server->wait_ms = FIRST_WAIT_MS;
    }
    rb_timer_start(server->timer, server->is_reloading ? START_CHECK_MS : server->options.check_ms,
                   0);
    if (server->wants_reload && !server->is_reloading)
        reload(server);
    else if (!was_ready || has_read)
        tell_ready(server);
}

static uint64_t reads_of(const struct rb_http_response *response)
{
    const char *text = rb_http_header(response, FRONT_READS_HEADER);
    uint64_t reads = 0;
    return text != NULL && rb_text_to_u64(text, &reads) ? reads : 0;
}

static void checked(void *context, const struct rb_http_response *response,
                    const struct rb_err *error)
{
    struct rb_policy_server *server = context;
    server->check = NULL;
    if (error == NULL && response->status == 200) {
        is_well(server, reads_of(response));
        return;
    }
    bool is_starting = server->state == STARTING;
    bool is_over = is_starting ? rb_clock_monotonic_ms() - server->started_ms > STARTS_MS
                               : ++server->failed_checks >= FAILED_CHECKS_MAXIMUM;
    if (is_over)
        end_hanging(server);
    else
        rb_timer_start(server->timer, is_starting ? START_CHECK_MS : server->options.check_ms, 0);
}

static void time_came(void *context)
{
    struct rb_policy_server *server = context;
    const struct rb_http_request request = {.url = "http://localhost/health",
                                            .unix_socket = server->options.socket_path,
                                            .timeout_ms = server->options.check_ms,
                                            .stall_ms = server->options.check_ms};
    if (server->state == WAITING)
        start_process(server);
    else
        rb_http_send(server->options.http, &request, checked, server, &server->check);
}

static void keep_policies(struct rb_policy_server *server, const char *const *policies)
{
    struct rb_arena *arena = rb_arena_new();
    server->options.policies = rb_arena_strdup_list(arena, policies);
    rb_arena_free(server->policies);
    server->policies = arena;
}

struct rb_policy_server *rb_policy_server_start(const struct rb_policy_server_options *options)
{
    struct rb_policy_server *server = rb_zalloc(sizeof(*server));
    server->options = *options;
    server->arena = rb_arena_new();
    server->options.program = rb_arena_strdup(server->arena, options->program);
    server->options.socket_path = rb_arena_strdup(server->arena, options->socket_path);
    keep_policies(server, options->policies);
    if (options->check_ms == 0)
        server->options.check_ms = CHECK_MS;
    server->wait_ms = FIRST_WAIT_MS;
    server->timer = rb_timer_new(options->loop, time_came, server);
    rb_timer_start(server->timer, 0, 0);
    return server;
}

static bool are_equal(const char *const *a, const char *const *b)
{
    for (; *a != NULL && rb_text_equal(*a, *b); a++)
        b++;
    return rb_text_equal(*a, *b);
}

void rb_policy_server_use(struct rb_policy_server *server, const char *const *policies)
{
    bool same = are_equal(server->options.policies, policies);
    if (!same)
        keep_policies(server, policies);
    if (server->process == NULL || server->is_replaced || server->is_hanging)
        return; /* the next one reads them */
    if (same) {
        reload(server);
        return;
    }
    server->is_replaced = true;
    no_more_checks(server);
    rb_process_kill(server->process);
}

bool rb_policy_server_is_ready(const struct rb_policy_server *server)
{
    return server->state == READY && !server->is_replaced && !server->is_hanging &&
           !server->is_reloading;
}

pid_t rb_policy_server_pid(const struct rb_policy_server *server)
{
    return server->process == NULL ? 0 : rb_process_pid(server->process);
}

void rb_policy_server_stop(struct rb_policy_server *server)
{
    if (server == NULL)
        return;
    no_more_checks(server);
    rb_timer_free(server->timer);
    if (server->process == NULL) {
        free_server(server);
        return;
    }
    server->is_stopped = true;
    rb_process_kill(server->process);
}
