/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake policy serve`: the policy server. rebaked starts its own; a person can run one for many.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command.h"
#include "rebake/base/clock.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/signal.h"
#include "rebake/policy/service.h"

enum { DIAGNOSTICS_MAXIMUM = 256 * 1024, TIMEOUT_MAXIMUM_MS = 60 * 1000 };

struct serving {
    struct rb_loop *loop;
    struct rb_policy_service *service;
    struct rb_strbuf diagnostics;
};

struct arguments {
    struct rb_policy_service_options service;
    uint64_t parent; /* 0: none */
};

static void worker_died(void *context, const char *rule, const struct rb_err *cause)
{
    (void)context;
    rb_log(RB_LOG_ERROR, "the policy worker was started again", "rule",
           rule[0] == '\0' ? NULL : rule, "error", cause->text, NULL);
}

static void stop_asked(void *context)
{
    struct serving *serving = context;
    rb_loop_stop(serving->loop);
}

static void tell_diagnostics(struct serving *serving)
{
    fputs(rb_strbuf_text(&serving->diagnostics), stderr);
    rb_strbuf_clear(&serving->diagnostics);
}

static void reload_asked(void *context)
{
    struct serving *serving = context;
    struct rb_err err;
    if (serving->service == NULL)
        return; /* they are being read */
    int status = rb_policy_service_reload(serving->service, &serving->diagnostics, &err);
    tell_diagnostics(serving);
    if (status == 0)
        rb_log(RB_LOG_INFO, "policies loaded again", NULL);
    else
        rb_log(RB_LOG_ERROR, "policies not loaded; the old ones stay", "error", err.text, NULL);
}

/* "268435456", "256M", "1G". */
static bool parse_size(const char *text, size_t *ret_bytes)
{
    static const char UNITS[] = "KMG";
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = 0;
    for (size_t i = 0; UNITS[i] != '\0'; i++) {
        if (*end == UNITS[i])
            shift = 10 * ((unsigned)i + 1);
    }
    if (shift > 0)
        end++;
    if (errno != 0 || end == text || text[0] == '-' || *end != '\0' || value > SIZE_MAX >> shift)
        return false;
    *ret_bytes = (size_t)value << shift;
    return *ret_bytes >= RB_POLICY_MEMORY_MINIMUM;
}

static int take_option(const struct rb_command *command, int option, struct arguments *arguments)
{
    struct rb_policy_service_options *service = &arguments->service;
    switch (option) {
    case 's':
        service->socket_path = optarg;
        return 0;
    case 'l':
        service->address = optarg;
        return 0;
    case 't':
        if (rb_span_parse(optarg, &service->timeout_ms, NULL) == 0 && service->timeout_ms > 0 &&
            service->timeout_ms <= TIMEOUT_MAXIMUM_MS)
            return 0;
        return rb_command_usage(command, "--timeout=%s is no time from 1ms to 60s", optarg);
    case 'm':
        if (parse_size(optarg, &service->memory_bytes))
            return 0;
        return rb_command_usage(command, "--memory=%s is no size from 16M up", optarg);
    case 'p':
        if (rb_text_to_u64(optarg, &arguments->parent))
            return 0;
        return rb_command_usage(command, "--parent=%s is no process", optarg);
    default:
        return rb_command_usage(command, NULL);
    }
}

static int take_arguments(const struct rb_command *command, int argc, char **argv,
                          struct arguments *arguments)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},  {"listen", required_argument, NULL, 'l'},
        {"timeout", required_argument, NULL, 't'}, {"memory", required_argument, NULL, 'm'},
        {"parent", required_argument, NULL, 'p'},  {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int status = take_option(command, option, arguments);
        if (status != 0)
            return status;
    }
    if (arguments->service.socket_path == NULL && arguments->service.address == NULL)
        return rb_command_usage(command, "say where to listen: --socket PATH or --listen ADDRESS");
    if (optind == argc)
        return rb_command_usage(command, "name a policy");
    arguments->service.policies = (const char *const *)argv + optind;
    return 0;
}

/* Whoever started us may be killed: then we are to end too. */
static bool follow_parent(uint64_t parent)
{
    return parent == 0 || (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && (uint64_t)getppid() == parent);
}

static int serve(const struct rb_command *command, struct arguments *arguments)
{
    struct serving serving = {.diagnostics = RB_STRBUF_INIT(DIAGNOSTICS_MAXIMUM)};
    struct rb_err err;
    if (!follow_parent(arguments->parent))
        return RB_EXIT_OK;
    serving.loop = arguments->service.loop = rb_loop_new();
    arguments->service.died = worker_died;
    struct rb_signal *watches[] = {rb_signal_watch(serving.loop, SIGTERM, stop_asked, &serving),
                                   rb_signal_watch(serving.loop, SIGINT, stop_asked, &serving),
                                   rb_signal_watch(serving.loop, SIGHUP, reload_asked, &serving)};
    int status =
        rb_policy_service_start(&arguments->service, &serving.service, &serving.diagnostics, &err);
    tell_diagnostics(&serving);
    if (status == 0)
        rb_loop_run(serving.loop);
    rb_policy_service_stop(serving.service);
    for (size_t i = 0; i < RB_COUNT_OF(watches); i++)
        rb_signal_free(watches[i]);
    rb_loop_free(serving.loop);
    rb_strbuf_deinit(&serving.diagnostics);
    return status == 0 ? RB_EXIT_OK : rb_command_fail(command, &err);
}

static int run_serve(const struct rb_command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    int status = take_arguments(command, argc, argv, &arguments);
    return status != 0 ? status : serve(command, &arguments);
}

const struct rb_command rb_command_policy_serve = {
    .name = "policy serve",
    .arguments = "--socket PATH|--listen ADDRESS [OPTION]... [PIPELINE=]FILE|builtin:NAME...",
    .summary = "Answer who asks for decisions, as an OPA does",
    .help = "Policies are evaluated by a confined process. A policy without PIPELINE= is for all\n"
            "pipelines that have none of their own. SIGHUP reads the files again; where one is\n"
            "broken, all the old ones stay. docs/reference/policy-server.md has more.\n\n"
            "  --socket PATH     listen on a unix socket, which only this user may connect to\n"
            "  --listen ADDRESS  listen on 127.0.0.1:8181 or the like; nobody is asked who he is\n"
            "  --timeout SPAN    of the processor for one decision (default: 250ms, at most 60s)\n"
            "  --memory SIZE     for evaluating, 16M or more (default: 256M)\n",
    .run = run_serve,
};
