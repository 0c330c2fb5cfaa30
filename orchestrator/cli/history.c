/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake history`: the audit log, oldest of what is shown first, so that the newest stands above
   the prompt. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "table.h"
#include "view.h"

static void print_events(const json_t *answer)
{
    const json_t *events = json_object_get(answer, "events");
    static const struct rb_table_column columns[] = {
        {"AT", 0, 0}, {"WHO", 0, 0}, {"WHAT", 0, 0}, {"SUBJECT", 0, 0}, {"MORE", 0, 20}};
    struct rb_style style = rb_style_for(stdout);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = json_array_size(events); i-- > 0;) {
        const json_t *event = json_array_get(events, i);
        RB_CLEANUP_FREE char *data = rb_json_canonical(json_object_get(event, "data"));
        rb_table_add(table, style.dim, rb_json_get_string(event, "at", NULL));
        rb_table_add(table, "", rb_json_get_string(event, "actor", NULL));
        rb_table_add(table, style.bold, rb_json_get_string(event, "name", NULL));
        rb_table_add(table, style.name, rb_json_get_string(event, "subject", NULL));
        rb_table_add(table, style.dim, data);
    }
    rb_table_print(table, stdout);
}

static int run_history(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"limit", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 1)
        return rb_command_usage(command, "name one subject, or none for all");
    RB_CLEANUP_FREE char *subject = rb_client_encode(count == 1 ? argv[0] : "");
    RB_CLEANUP_FREE char *path =
        rb_asprintf("/v1/history?limit=%lld%s%s", (long long)(asked.limit > 0 ? asked.limit : 50),
                    count == 1 ? "&subject=" : "", subject);
    return rb_client_show(command, &asked, path, print_events);
}

const struct rb_command rb_command_history = {
    .name = "history",
    .arguments = "[SUBJECT] [--limit N] [--json]",
    .summary = "Show what happened: every change of state is an event",
    .help = "  --limit N      how many events, 1 to 1000 (default: 50)\n" RB_CLIENT_HELP,
    .run = run_history,
};
