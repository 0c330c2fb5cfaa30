/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake sources`: what is watched, how well it can be seen, and what that costs. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "source_view.h"
#include "table.h"
#include "view.h"

static void add_when(struct rb_table *table, const struct rb_style *style, const json_t *source,
                     const char *member, int64_t now_at)
{
    char text[RB_VIEW_TEXT_SIZE];
    rb_table_add(table, style->dim, rb_view_when(source, member, now_at, text));
}

static void add_bytes(struct rb_table *table, int64_t bytes)
{
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double shown = (double)bytes;
    size_t unit = 0;
    for (; shown >= 1024 && unit + 1 < RB_COUNT_OF(UNITS); unit++)
        shown /= 1024;
    rb_table_addf(table, "", unit == 0 ? "%.0f %s" : "%.1f %s", shown, UNITS[unit]);
}

static void add_row(struct rb_table *table, const struct rb_style *style, const json_t *source,
                    int64_t now_at)
{
    char span[RB_TIME_TEXT_SIZE];
    const char *word = rb_source_word(source);
    int64_t interval_ms = rb_json_get_integer(source, "intervalMs", 0);
    RB_CLEANUP_FREE char *names = rb_source_names(source);
    rb_table_add(table, rb_view_style(style, word), word);
    rb_table_add(table, style->name, names);
    rb_table_add(table, "", rb_json_get_string(source, "description", NULL));
    add_when(table, style, source, "lastCheckAt", now_at);
    add_when(table, style, source, "lastChangeAt", now_at);
    add_when(table, style, source, "nextCheckAt", now_at);
    rb_table_add(table, "", interval_ms == 0 ? "-" : rb_span_format(interval_ms, span));
    rb_table_addf(table, "", "%lld", (long long)rb_json_get_integer(source, "requests", 0));
    add_bytes(table, rb_json_get_integer(source, "bytes", 0));
    rb_table_addf(table, "", "%lld", (long long)rb_json_get_integer(source, "failures", 0));
}

/* What a row has no room for: the words of the error, and what its host has to do with it. */
static void print_trouble(const struct rb_style *style, const json_t *source, int64_t now_at)
{
    char since[RB_VIEW_TEXT_SIZE], good[RB_VIEW_TEXT_SIZE], until[RB_VIEW_TEXT_SIZE];
    char shown[RB_ERR_TEXT_SIZE];
    const json_t *host = json_object_get(source, "host");
    const char *error = rb_json_get_string(source, "error", NULL);
    const char *state = rb_json_get_string(host, "state", "up");
    RB_CLEANUP_FREE char *names = rb_source_names(source);
    printf("  %s%s%s %s", style->bad, names, style->reset, rb_source_word(source));
    if (error != NULL)
        printf(", begun %s: %s", rb_view_when(source, "troubleSince", now_at, since),
               rb_text_printable(error, shown, sizeof(shown)));
    printf(" (last seen well: %s)", rb_view_when(source, "lastGoodAt", now_at, good));
    if (!rb_text_equal(state, "up"))
        printf("; host %s is %s, asked again %s", rb_json_get_string(host, "name", "?"), state,
               rb_json_get_string(host, "until", NULL) == NULL
                   ? "now"
                   : rb_view_when(host, "until", now_at, until));
    puts("");
}

static void print_sources(const json_t *answer)
{
    static const struct rb_table_column columns[] = {
        {"STATE", 0, 0},   {"SOURCE", 0, 12}, {"UPSTREAM", 0, 20}, {"CHECKED", 0, 0},
        {"CHANGED", 0, 0}, {"NEXT", 0, 0},    {"EVERY", 1, 0},     {"REQUESTS", 1, 0},
        {"BYTES", 1, 0},   {"FAILED", 1, 0}};
    int64_t now_at = rb_clock_now(&rb_clock_system);
    struct rb_style style = rb_style_for(stdout);
    size_t count;
    RB_CLEANUP_FREE const json_t **sorted =
        rb_sources_by_weight(json_object_get(answer, "sources"), &count);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < count; i++)
        add_row(table, &style, sorted[i], now_at);
    rb_table_print(table, stdout);
    for (size_t i = 0; i < count && rb_source_weight(sorted[i]) > 0; i++)
        print_trouble(&style, sorted[i], now_at);
    rb_pins_print(json_object_get(answer, "pins"), &style, now_at);
}

static char *make_path(const struct rb_client_options *asked, const char *pipeline)
{
    RB_CLEANUP_FREE char *kind = rb_client_encode(asked->kind != NULL ? asked->kind : "");
    RB_CLEANUP_FREE char *name = rb_client_encode(pipeline != NULL ? pipeline : "");
    return rb_asprintf("/v1/sources?failing=%s%s%s%s%s", asked->failing ? "true" : "false",
                       asked->kind != NULL ? "&kind=" : "", kind,
                       pipeline != NULL ? "&pipeline=" : "", name);
}

static int run_sources(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"failing", "kind", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 1)
        return rb_command_usage(command, "name one pipeline, or none for all");
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked.socket_path);
    RB_CLEANUP_FREE char *path = make_path(&asked, count == 1 ? argv[0] : NULL);
    RB_CLEANUP_JSON json_t *answer = NULL;
    struct rb_err err;
    if (rb_client_get(client, path, &answer, &err) != 0)
        return rb_command_fail(command, &err);
    if (asked.json)
        rb_client_print(answer);
    else
        print_sources(answer);
    return RB_EXIT_OK;
}

const struct rb_command rb_command_sources = {
    .name = "sources",
    .arguments = "[PIPELINE] [--failing] [--kind KIND] [--json]",
    .summary = "Show what is watched, what is wrong with it, and what that costs",
    .help = "  --failing      only those in trouble, or whose host does not answer\n"
            "  --kind KIND    only git, image, apt or another kind\n" RB_CLIENT_HELP,
    .run = run_sources,
};
