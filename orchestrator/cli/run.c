/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake run --once`: the daemon's engine, run until nothing is left to do. For cron and CI. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/daemon/engine.h"
#include "rebake/daemon/paths.h"
#include "rebake/loop/signal.h"
#include "rebake/store/builds.h"
#include "rebake/store/deployments.h"
#include "rebake/store/sources.h"
#include "style.h"

enum { DIAGNOSTICS_MAXIMUM = 256 * 1024 };

struct arguments {
    const char *state_folder;
    int max_jobs;
    bool once;
};

static int parse_arguments(const struct rb_command *command, int argc, char **argv,
                           struct arguments *arguments)
{
    static const struct option options[] = {{"once", no_argument, NULL, 'o'},
                                            {"state", required_argument, NULL, 's'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {0}};
    int option;
    struct rb_err err;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'o') {
            arguments->once = true;
        } else if (option == 's') {
            arguments->state_folder = optarg;
        } else if (option == 'j') {
            if (rb_jobs_parse(optarg, &arguments->max_jobs, &err) != 0)
                return rb_command_usage(command, "%s", err.text);
        } else {
            return rb_command_usage(command, NULL);
        }
    }
    if (!arguments->once)
        return rb_command_usage(command, "give --once; the daemon that goes on is rebaked(8)");
    if (optind == argc)
        return rb_command_usage(command, "name a pipeline file, or a folder of them");
    return RB_EXIT_OK;
}

static bool tell(const struct rb_style *style, const char *pipeline, const char *name,
                 const char *state, const char *good_state, const char *cause)
{
    bool good = strcmp(state, good_state) == 0;
    printf("%s%s/%s%s %s%s%s%s%s\n", style->name, pipeline, name, style->reset,
           good ? style->good : style->bad, state, style->reset,
           rb_text_is_empty(cause) ? "" : ": ", cause);
    return good;
}

static int tell_sources(struct rb_store *store, struct rb_arena *arena, bool *all_good,
                        struct rb_err *err)
{
    struct rb_source_row *sources;
    size_t count;
    int status = rb_store_sources(store, arena, &sources, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (sources[i].error == NULL)
            continue;
        printf("%s: check failed: %s\n", sources[i].names, sources[i].error);
        *all_good = false;
    }
    return status;
}

/* What each image and deployment has come to. */
static int tell_outcome(struct rb_store *store, bool *all_good, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_style style = rb_style_for(stdout);
    struct rb_image_row *images;
    struct rb_deployment_row *deployments;
    size_t count;
    int status = tell_sources(store, arena, all_good, err);
    if (status == 0)
        status = rb_store_images(store, arena, &images, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++)
        *all_good &= tell(&style, images[i].pipeline, images[i].name, images[i].state, "fresh",
                          images[i].cause);
    if (status == 0)
        status = rb_store_deployments(store, arena, &deployments, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++)
        *all_good &= tell(
            &style, deployments[i].pipeline, deployments[i].name,
            deployments[i].held != NULL ? deployments[i].held : deployments[i].state, "healthy",
            deployments[i].held != NULL ? deployments[i].held_cause : deployments[i].cause);
    return status;
}

static void stop_asked(void *context)
{
    rb_loop_stop(context);
}

static int run_to_the_end(struct rb_loop *loop, const struct rb_engine_options *options,
                          bool *all_good, struct rb_err *err)
{
    struct rb_engine *engine;
    int status = rb_engine_start(options, &engine, err);
    if (status != 0)
        return status;
    struct rb_signal *stop_term = rb_signal_watch(loop, SIGTERM, stop_asked, loop);
    struct rb_signal *stop_int = rb_signal_watch(loop, SIGINT, stop_asked, loop);
    rb_loop_run(loop);
    rb_signal_free(stop_term);
    rb_signal_free(stop_int);
    *all_good = true;
    status = tell_outcome(rb_engine_store(engine), all_good, err);
    *all_good = *all_good && !rb_engine_has_failed(engine);
    rb_engine_stop(engine);
    return status;
}

static int run_run(const struct rb_command *command, int argc, char **argv)
{
    struct arguments arguments = {.state_folder = RB_DEFAULT_STATE_FOLDER,
                                  .max_jobs = RB_DEFAULT_JOBS};
    int code = parse_arguments(command, argc, argv, &arguments);
    if (code != RB_EXIT_OK)
        return code;
    RB_CLEANUP_FREE char *program = NULL;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    RB_CLEANUP(rb_strbuf_deinit)
    struct rb_strbuf diagnostics = RB_STRBUF_INIT(DIAGNOSTICS_MAXIMUM);
    struct rb_engine_options options = {.loop = loop,
                                        .clock = &rb_clock_system,
                                        .state_folder = arguments.state_folder,
                                        .pipeline_paths = (const char *const *)argv + optind,
                                        .max_jobs = arguments.max_jobs,
                                        .once = true,
                                        .diagnostics = &diagnostics};
    struct rb_err err;
    bool all_good = false;
    int status = rb_program_path(&program, &err);
    options.program = program;
    if (status == 0)
        status = run_to_the_end(loop, &options, &all_good, &err);
    fputs(rb_strbuf_text(&diagnostics), stderr);
    if (status != 0)
        return rb_command_fail(command, &err);
    return all_good ? RB_EXIT_OK : RB_EXIT_FAILED;
}

const struct rb_command rb_command_run = {
    .name = "run",
    .arguments = "--once [--state FOLDER] [--jobs N] PIPELINE...",
    .summary = "Check, plan, build and deploy until nothing is left to do",
    .help =
        "For cron and CI: the daemon's work without the daemon, in this process. The same store\n"
        "serves from run to run; no rebaked may use it at the same time. Exit code 0 when every\n"
        "image is fresh and every deployment healthy.\n\n"
        "  --state FOLDER  where everything is kept (default: " RB_DEFAULT_STATE_FOLDER ")\n"
        "  --jobs N        builds at the same time (default: 2)\n",
    .run = run_run,
};
