/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs by which a person approves what policy holds, and takes that back. */
#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static int run_approve(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"why", "for", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name an image, a deployment, a pipeline, or all");
    if (rb_text_is_empty(asked.why))
        return rb_command_usage(command, "say why with --why: it is kept with what comes of it");
    RB_CLEANUP_FREE char *done = rb_asprintf("approved %s as it stands now", argv[0]);
    json_t *body = rb_json_object();
    rb_json_set_string(body, "subject", argv[0]);
    rb_json_set_string(body, "why", asked.why);
    if (asked.for_ms > 0)
        rb_json_set_integer(body, "forMs", asked.for_ms);
    return rb_client_order(command, &asked, "/v1/approve", body, done);
}

static int run_withdraw(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name an image or a deployment");
    RB_CLEANUP_FREE char *done = rb_asprintf("withdrew your approval of %s", argv[0]);
    json_t *body = rb_json_object();
    rb_json_set_string(body, "subject", argv[0]);
    return rb_client_order(command, &asked, "/v1/withdraw", body, done);
}

const struct rb_command rb_command_approve = {
    .name = "approve",
    .arguments = "IMAGE|DEPLOYMENT|PIPELINE|all --why TEXT [--for SPAN]",
    .summary = "Approve what policy holds, as it stands now",
    .help =
        "Covers just what would be built or deployed at this moment; other inputs want another\n"
        "approval. Of a pipeline, or all: what waits now.\n\n"
        "  --why TEXT     kept with what comes of it\n"
        "  --for SPAN     it is over by itself after that (2h, 3d), a year at "
        "most\n" RB_CLIENT_HELP,
    .run = run_approve,
};

const struct rb_command rb_command_withdraw = {
    .name = "withdraw",
    .arguments = "IMAGE|DEPLOYMENT",
    .summary = "Take your approval back",
    .help = "What was started by it is not stopped.\n\n" RB_CLIENT_HELP,
    .run = run_withdraw,
};
