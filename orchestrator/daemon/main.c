/* SPDX-License-Identifier: Apache-2.0 */
/* rebaked(8): the daemon. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/api/api.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/daemon/engine.h"
#include "rebake/daemon/paths.h"
#include "rebake/loop/signal.h"
#include "rebake/pipelines/settings.h"
#include "webhooks.h"

enum { EXIT_USAGE = 2, DIAGNOSTICS_MAXIMUM = 256 * 1024 };

struct arguments {
    const char *state_folder;
    const char *socket_path;
    const char *settings_path; /* NULL: none */
    int max_jobs;
    const char *const *pipeline_paths;
};

struct daemon {
    struct rb_loop *loop;
    struct rb_engine *engine;
    struct webhooks webhooks;
    struct rb_strbuf diagnostics;
    int failed;
};

static void usage(FILE *out)
{
    fputs("Usage: rebaked [OPTION]... PIPELINE...\n"
          "Watches, rebuilds and deploys what the pipelines (files, or folders of *.yaml) name.\n\n"
          "  --state FOLDER   where everything is kept (default: /var/lib/rebake)\n"
          "  --socket PATH    where the command line asks (default: /run/rebake/rebake.sock)\n"
          "  --jobs N         builds at the same time (default: 2)\n"
          "  --config FILE    settings: where to listen for webhooks, and whose (rebaked.conf(5);\n"
          "                   default: /etc/rebake/rebaked.conf, if it is there)\n"
          "  --help, --version\n\n"
          "SIGHUP reads pipelines and settings again. Exit codes: 0 stopped by a signal, 1 failed, "
          "2 usage.\n"
          "rebaked(8) has more.\n",
          out);
}

/* Returns -1 to go on, else the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option OPTIONS[] = {{"state", required_argument, NULL, 's'},
                                            {"socket", required_argument, NULL, 'S'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    int option;
    struct rb_err err;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 's':
            arguments->state_folder = optarg;
            break;
        case 'S':
            arguments->socket_path = optarg;
            break;
        case 'j':
            if (rb_jobs_parse(optarg, &arguments->max_jobs, &err) != 0) {
                fprintf(stderr, "rebaked: %s\n", err.text);
                return EXIT_USAGE;
            }
            break;
        case 'c':
            arguments->settings_path = optarg;
            break;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        case 'V':
            printf("rebaked %s\n", REBAKE_VERSION);
            return EXIT_SUCCESS;
        default:
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (arguments->settings_path == NULL && rb_file_exists(RB_DEFAULT_SETTINGS_PATH))
        arguments->settings_path = RB_DEFAULT_SETTINGS_PATH;
    if (optind == argc) {
        fputs("rebaked: name a pipeline file, or a folder of them\n", stderr);
        return EXIT_USAGE;
    }
    arguments->pipeline_paths = (const char *const *)argv + optind;
    return -1;
}

static void stop_asked(void *context)
{
    struct daemon *daemon = context;
    rb_log(RB_LOG_INFO, "stopping; running jobs go on", NULL);
    rb_loop_stop(daemon->loop);
}

/* Settings and pipelines stand each for itself: what is wrong with one keeps no other back. */
static void reload_settings(struct daemon *daemon)
{
    struct rb_err err;
    rb_strbuf_clear(&daemon->diagnostics);
    if (daemon->webhooks.settings_path == NULL)
        return;
    if (webhooks_reload(&daemon->webhooks, &daemon->diagnostics, &err) == 0) {
        rb_log(RB_LOG_INFO, "settings loaded again", NULL);
        return;
    }
    fputs(rb_strbuf_text(&daemon->diagnostics), stderr);
    rb_log(RB_LOG_ERROR, "settings not loaded; the old ones stay", "error", err.text, NULL);
}

static void reload_asked(void *context)
{
    struct daemon *daemon = context;
    struct rb_err err;
    reload_settings(daemon);
    rb_strbuf_clear(&daemon->diagnostics);
    int status = rb_engine_reload(daemon->engine, &err);
    if (status == 0) {
        rb_log(RB_LOG_INFO, "pipelines loaded again", NULL);
        return;
    }
    fputs(rb_strbuf_text(&daemon->diagnostics), stderr);
    rb_log(RB_LOG_ERROR, "pipelines not loaded", "error", err.text, NULL);
    if (status == RB_EDB || status == RB_EIO) { /* half of the old is gone: start anew instead */
        daemon->failed = 1;
        rb_loop_stop(daemon->loop);
    }
}

static void api_changed(void *context)
{
    struct daemon *daemon = context;
    rb_engine_plan_soon(daemon->engine);
}

static bool api_is_behind(void *context)
{
    const struct daemon *daemon = context;
    return rb_engine_is_behind(daemon->engine);
}

static int api_check_now(void *context, int64_t source_id, struct rb_err *err)
{
    struct daemon *daemon = context;
    return rb_engine_check_now(daemon->engine, source_id, err);
}

static struct rb_api_host api_host_of(void *context, int64_t source_id)
{
    const struct daemon *daemon = context;
    struct rb_engine_host host = rb_engine_source_host(daemon->engine, source_id);
    return (struct rb_api_host){.name = host.name,
                                .state = host.state,
                                .until = host.until,
                                .under_way = host.under_way,
                                .limit = host.limit};
}

static int api_cancel_build(void *context, int64_t build_id, struct rb_err *err)
{
    struct daemon *daemon = context;
    return rb_engine_cancel_build(daemon->engine, build_id, err);
}

static int api_keep_version(void *context, int64_t version_id, const char *pipeline,
                            const char *image, struct rb_err *err)
{
    struct daemon *daemon = context;
    return rb_engine_keep_version(daemon->engine, version_id, pipeline, image, err);
}

static int api_hooks(void *context, json_t **ret_json, struct rb_err *err)
{
    const struct daemon *daemon = context;
    return webhooks_json(&daemon->webhooks, ret_json, err);
}

static int api_forecast(void *context, const json_t *what_if, json_t **ret_json, struct rb_err *err)
{
    struct daemon *daemon = context;
    return rb_engine_forecast(daemon->engine, what_if, ret_json, err);
}

static json_t *api_policy(void *context)
{
    const struct daemon *daemon = context;
    return rb_engine_policy_json(daemon->engine);
}

static const char *const *api_vex(void *context)
{
    const struct daemon *daemon = context;
    return daemon->webhooks.settings == NULL ? NULL : daemon->webhooks.settings->vex;
}

static int serve(struct daemon *daemon, const struct arguments *arguments, struct rb_err *err)
{
    struct rb_api_options options = {
        .loop = daemon->loop,
        .store = rb_engine_store(daemon->engine),
        .clock = &rb_clock_system,
        .socket_path = arguments->socket_path,
        .version = REBAKE_VERSION,
        .context = daemon,
        .changed = api_changed,
        .is_behind = api_is_behind,
        .check_now = api_check_now,
        .host_of = api_host_of,
        .cancel_build = api_cancel_build,
        .keep_version = api_keep_version,
        .forecast = api_forecast,
        .hooks = api_hooks,
        .policy = api_policy,
        .vex = api_vex,
        .started_at = rb_clock_now(&rb_clock_system),
    };
    struct rb_api *api;
    int status = rb_api_start(&options, &api, err);
    if (status != 0)
        return status;
    struct rb_signal *stop_term = rb_signal_watch(daemon->loop, SIGTERM, stop_asked, daemon);
    struct rb_signal *stop_int = rb_signal_watch(daemon->loop, SIGINT, stop_asked, daemon);
    struct rb_signal *reload = rb_signal_watch(daemon->loop, SIGHUP, reload_asked, daemon);
    rb_log(RB_LOG_INFO, "ready", "socket", arguments->socket_path, "state", arguments->state_folder,
           NULL);
    rb_loop_run(daemon->loop);
    rb_signal_free(stop_term);
    rb_signal_free(stop_int);
    rb_signal_free(reload);
    rb_api_stop(api);
    return 0;
}

static int run(struct daemon *daemon, const struct arguments *arguments, struct rb_err *err)
{
    RB_CLEANUP_FREE char *program = NULL;
    int status = rb_program_path(&program, err);
    if (status != 0)
        return status;
    struct rb_engine_options options = {
        .loop = daemon->loop,
        .clock = &rb_clock_system,
        .state_folder = arguments->state_folder,
        .program = program,
        .pipeline_paths = arguments->pipeline_paths,
        .max_jobs = arguments->max_jobs,
        .diagnostics = &daemon->diagnostics,
    };
    status = rb_engine_start(&options, &daemon->engine, err);
    if (status != 0)
        return status;
    daemon->webhooks = (struct webhooks){
        .loop = daemon->loop, .engine = daemon->engine, .settings_path = arguments->settings_path};
    status = webhooks_start(&daemon->webhooks, &daemon->diagnostics, err);
    if (status == 0)
        status = serve(daemon, arguments, err);
    daemon->failed = daemon->failed || rb_engine_has_failed(daemon->engine);
    webhooks_stop(&daemon->webhooks);
    rb_engine_stop(daemon->engine);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.state_folder = RB_DEFAULT_STATE_FOLDER,
                                  .socket_path = RB_DEFAULT_SOCKET_PATH,
                                  .max_jobs = RB_DEFAULT_JOBS};
    int code = parse_arguments(argc, argv, &arguments);
    if (code >= 0)
        return code;
    (void)signal(SIGPIPE, SIG_IGN); /* a client that went away is seen by the write that fails */
    struct rb_err err;
    struct daemon daemon = {.loop = rb_loop_new(),
                            .diagnostics = RB_STRBUF_INIT(DIAGNOSTICS_MAXIMUM)};
    int status = run(&daemon, &arguments, &err);
    fputs(status == 0 ? "" : rb_strbuf_text(&daemon.diagnostics), stderr);
    if (status != 0)
        fprintf(stderr, "rebaked: %s\n", err.text);
    rb_strbuf_deinit(&daemon.diagnostics);
    rb_loop_free(daemon.loop);
    return status != 0 || daemon.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
