/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake patches`: what rollouts have patched, and how long that took from upstream. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "table.h"
#include "view.h"

static const char *const STEPS[] = {"seen", "built", "deployed", "total"};

static void add_span(struct rb_table *table, const json_t *step, const char *member)
{
    char span[RB_TIME_TEXT_SIZE];
    if (rb_json_get_integer(step, "count", 0) == 0)
        rb_table_add(table, "", NULL);
    else
        rb_table_add(table, "", rb_span_format(rb_json_get_integer(step, member, 0), span));
}

static void print_times(const struct rb_style *style, const char *title, const json_t *times)
{
    static const struct rb_table_column columns[] = {{"", 0, 0},    {"COUNT", 1, 0}, {"P50", 1, 0},
                                                     {"P90", 1, 0}, {"P99", 1, 0},   {"MAX", 1, 0}};
    static const char *const WORDS[] = {"upstream to seen", "seen to built", "built to deployed",
                                        "upstream to deployed"};
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < RB_COUNT_OF(STEPS); i++) {
        const json_t *step = json_object_get(times, STEPS[i]);
        rb_table_add(table, style->name, WORDS[i]);
        rb_table_addf(table, "", "%lld", (long long)rb_json_get_integer(step, "count", 0));
        add_span(table, step, "p50Ms");
        add_span(table, step, "p90Ms");
        add_span(table, step, "p99Ms");
        add_span(table, step, "maxMs");
    }
    printf("%s%s%s\n", style->bold, title, style->reset);
    rb_table_print(table, stdout);
}

static void add_row(struct rb_table *table, const struct rb_style *style, const json_t *patch,
                    int64_t now_at)
{
    char when[RB_VIEW_TEXT_SIZE];
    const json_t *closed = json_object_get(patch, "closed");
    size_t count = json_array_size(closed);
    rb_table_add(table, style->dim, rb_view_when(patch, "deployedAt", now_at, when));
    rb_table_add(table, style->name, rb_json_get_string(patch, "deployment", NULL));
    rb_table_addf(table, "", "%s %s → %s", rb_json_get_string(patch, "package", "?"),
                  rb_json_get_string(patch, "from", "?"), rb_json_get_string(patch, "to", "?"));
    if (count > 1)
        rb_table_addf(table, style->good, "%s and %zu",
                      json_string_value(json_array_get(closed, 0)), count - 1);
    else
        rb_table_add(table, style->good, json_string_value(json_array_get(closed, 0)));
}

static void print_patches(const json_t *answer)
{
    static const struct rb_table_column columns[] = {
        {"DEPLOYED", 0, 0}, {"TO", 0, 12}, {"PATCH", 0, 24}, {"CLOSED", 0, 0}};
    struct rb_style style = rb_style_for(stdout);
    const json_t *patches = json_object_get(answer, "patches"), *patch;
    int64_t now_at = rb_clock_now(&rb_clock_system);
    size_t i;
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    json_array_foreach(patches, i, patch) add_row(table, &style, patch, now_at);
    if (json_array_size(patches) > 0) {
        rb_table_print(table, stdout);
        puts("");
        print_times(&style, "Time to patch, each package in each deployment",
                    json_object_get(answer, "packageTimes"));
        puts("");
    }
    const json_t *by_advisory = json_object_get(answer, "advisoryTimes");
    if (rb_json_get_integer(json_object_get(by_advisory, "total"), "count", 0) > 0) {
        print_times(&style, "Time to patch, each vulnerability in each deployment", by_advisory);
        puts("");
    }
    printf("%s%lld patched%s\n", style.bold, (long long)rb_json_get_integer(answer, "count", 0),
           style.reset);
}

static int run_patches(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"since", "limit", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 1)
        return rb_command_usage(command, "name one vulnerability, deployment or image, or none");
    RB_CLEANUP_FREE char *encoded = count == 0 ? rb_strdup("") : rb_client_encode(argv[0]);
    RB_CLEANUP_FREE char *since =
        asked.since_ms == 0
            ? rb_strdup("")
            : rb_asprintf("&since=%lld",
                          (long long)(rb_clock_now(&rb_clock_system) - asked.since_ms));
    RB_CLEANUP_FREE char *path = rb_asprintf("/v1/patches?limit=%lld%s%s%s",
                                             (long long)(asked.limit == 0 ? 100 : asked.limit),
                                             since, count == 0 ? "" : "&of=", encoded);
    return rb_client_show(command, &asked, path, print_patches);
}

const struct rb_command rb_command_patches = {
    .name = "patches",
    .arguments = "[ID | DEPLOYMENT | IMAGE] [--since SPAN] [--limit N] [--json]",
    .summary = "List what was patched where it runs, and how long that took from upstream",
    .help = "Of all, or of what has closed one vulnerability, or came to one deployment.\n"
            "A package counts once for each deployment that it came to in another version.\n"
            "Upstream is when its repository published it, where that tells.\n"
            "\n"
            "  --since SPAN  what was deployed so long ago or later (default: 90d)\n"
            "  --limit N     so many lines at most (default: 100); the times are of "
            "all\n" RB_CLIENT_HELP,
    .run = run_patches,
};
