/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs by which a person steers: trigger, check, pause, resume, cancel. Each is one request.
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static json_t *order_about(const char *subject, const char *why)
{
    json_t *body = rb_json_object();
    rb_json_set_string(body, "subject", subject);
    rb_json_set_string(body, "why", why);
    return body;
}

static int run_trigger(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"why", "force", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1 || rb_text_is_empty(asked.why))
        return rb_command_usage(command,
                                "name an image, a pipeline, or all, and say why with --why");
    RB_CLEANUP_FREE char *done = rb_asprintf("asked for a build of %s", argv[0]);
    json_t *body = order_about(argv[0], asked.why);
    rb_json_set_bool(body, "force", asked.force);
    return rb_client_order(command, &asked, "/v1/trigger", body, done);
}

/* The source that goes by this name in some pipeline, or has this number. */
static int find_source(const struct rb_client_options *asked, const char *name, int64_t *ret_id,
                       struct rb_err *err)
{
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked->socket_path);
    RB_CLEANUP_JSON json_t *answer = NULL;
    int status = rb_client_get(client, "/v1/sources", &answer, err);
    if (status != 0)
        return status;
    size_t i, j;
    const json_t *source, *other;
    json_array_foreach(json_object_get(answer, "sources"), i, source)
    {
        json_array_foreach(json_object_get(source, "names"), j, other)
        {
            const char *full = json_string_value(other);
            const char *slash = full == NULL ? NULL : strchr(full, '/');
            if (rb_text_equal(full, name) || (slash != NULL && strcmp(slash + 1, name) == 0)) {
                *ret_id = rb_json_get_integer(source, "id", 0);
                return 0;
            }
        }
    }
    return rb_err_set(err, RB_ENOTFOUND, "no source is called \"%s\": see `rebake status`", name);
}

static int run_check(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 1)
        return rb_command_usage(command, "name one source, or none for all");
    if (count == 0)
        return rb_client_order(command, &asked, "/v1/check", NULL, "checking all sources");
    int64_t id = 0;
    struct rb_err err;
    if (find_source(&asked, argv[0], &id, &err) != 0)
        return rb_command_fail(command, &err);
    RB_CLEANUP_FREE char *path = rb_asprintf("/v1/sources/%lld/check", (long long)id);
    RB_CLEANUP_FREE char *done = rb_asprintf("checking %s", argv[0]);
    return rb_client_order(command, &asked, path, NULL, done);
}

static int pause_or_resume(const struct rb_command *command, int argc, char **argv, bool pause)
{
    static const char *const more[] = {"why", "for", NULL}, *const why_alone[] = {"why", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, pause ? more : why_alone, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name an image, a deployment, a pipeline, or all");
    if (pause && rb_text_is_empty(asked.why))
        return rb_command_usage(command, "say why with --why: others will want to know");
    RB_CLEANUP_FREE char *done = rb_asprintf("%s %s", pause ? "paused" : "resumed", argv[0]);
    json_t *body = order_about(argv[0], asked.why == NULL ? "" : asked.why);
    if (asked.for_ms > 0)
        rb_json_set_integer(body, "forMs", asked.for_ms);
    return rb_client_order(command, &asked, pause ? "/v1/pause" : "/v1/resume", body, done);
}

static int run_pause(const struct rb_command *command, int argc, char **argv)
{
    return pause_or_resume(command, argc, argv, true);
}

static int run_resume(const struct rb_command *command, int argc, char **argv)
{
    return pause_or_resume(command, argc, argv, false);
}

static int run_cancel(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"why", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1 || rb_text_is_empty(asked.why))
        return rb_command_usage(
            command, "name a build, an image, a pipeline, or all, and say why with --why");
    RB_CLEANUP_FREE char *done = rb_asprintf("canceling %s", argv[0]);
    return rb_client_order(command, &asked, "/v1/cancel", order_about(argv[0], asked.why), done);
}

const struct rb_command rb_command_trigger = {
    .name = "trigger",
    .arguments = "IMAGE|PIPELINE|all --why TEXT [--force]",
    .summary = "Ask for a build of an image, or of several",
    .help = "  --why TEXT     kept with the build, for whoever asks `rebake why`\n"
            "  --force        though it is paused or held by policy; not where policy refuses "
            "it\n" RB_CLIENT_HELP,
    .run = run_trigger,
};

const struct rb_command rb_command_check = {
    .name = "check",
    .arguments = "[SOURCE]",
    .summary = "Check a source, or all, now",
    .help = RB_CLIENT_HELP,
    .run = run_check,
};

const struct rb_command rb_command_pause = {
    .name = "pause",
    .arguments = "IMAGE|DEPLOYMENT|PIPELINE|all --why TEXT [--for SPAN]",
    .summary = "Start nothing for it until it is resumed",
    .help =
        "What runs already is not stopped.\n\n"
        "  --why TEXT     shown wherever the pause is\n"
        "  --for SPAN     it ends by itself after that (2h, 3d), a year at most\n" RB_CLIENT_HELP,
    .run = run_pause,
};

const struct rb_command rb_command_resume = {
    .name = "resume",
    .arguments = "IMAGE|DEPLOYMENT|PIPELINE|all",
    .summary = "End a pause",
    .help = RB_CLIENT_HELP,
    .run = run_resume,
};

const struct rb_command rb_command_cancel = {
    .name = "cancel",
    .arguments = "BUILD|IMAGE|PIPELINE|all --why TEXT",
    .summary = "Stop a build, or all that are open of an image, a pipeline, or everywhere",
    .help = "  --why TEXT     kept with the build\n" RB_CLIENT_HELP,
    .run = run_cancel,
};
