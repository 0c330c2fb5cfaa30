/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake advisories`: all that is open, the worst first. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "table.h"
#include "view.h"

/* "openssl 3.0.9-1 and 3": the first, and how many more. */
static char *first_of(const json_t *array, const char *member)
{
    size_t count = json_array_size(array);
    const json_t *first = json_array_get(array, 0);
    const char *text =
        member == NULL ? json_string_value(first) : rb_json_get_string(first, member, NULL);
    if (text == NULL)
        return NULL;
    return count == 1 ? rb_strdup(text) : rb_asprintf("%s and %zu", text, count - 1);
}

static char *threat_of(const json_t *advisory)
{
    const json_t *epss = json_object_get(advisory, "epss");
    bool is_exploited = json_is_object(json_object_get(advisory, "exploited"));
    if (!json_is_object(epss))
        return is_exploited ? rb_strdup("exploited") : NULL;
    return rb_asprintf("%s%.1f %%", is_exploited ? "exploited, " : "",
                       100 * json_real_value(json_object_get(epss, "score")));
}

/* Of several publishers' scores the highest: the one to look at first. */
static const json_t *worst_severity(const json_t *advisory)
{
    const json_t *severities = json_object_get(advisory, "severities"), *severity, *worst = NULL;
    size_t i;
    json_array_foreach(severities, i, severity)
    {
        if (json_real_value(json_object_get(severity, "score")) >
            json_real_value(json_object_get(worst, "score")))
            worst = severity;
    }
    return worst;
}

static void add_severity(struct rb_table *table, const struct rb_style *style,
                         const json_t *advisory)
{
    const json_t *worst = worst_severity(advisory);
    const char *band = rb_json_get_string(worst, "band", NULL);
    if (band == NULL)
        rb_table_add(table, style->dim, NULL);
    else
        rb_table_addf(table, rb_view_severity(style, band), "%.1f %s",
                      json_real_value(json_object_get(worst, "score")), band);
}

static void add_row(struct rb_table *table, const struct rb_style *style, const json_t *advisory,
                    int64_t now_at)
{
    char when[RB_VIEW_TEXT_SIZE];
    const char *fix = rb_json_get_string(advisory, "fix", "?");
    bool is_affected = rb_text_equal(rb_json_get_string(advisory, "verdict", NULL), "affected");
    bool is_exploited = json_is_object(json_object_get(advisory, "exploited"));
    RB_CLEANUP_FREE char *threat = threat_of(advisory);
    RB_CLEANUP_FREE char *packages = first_of(json_object_get(advisory, "packages"), "name");
    RB_CLEANUP_FREE char *images = first_of(json_object_get(advisory, "images"), NULL);
    RB_CLEANUP_FREE char *deployments = first_of(json_object_get(advisory, "deployments"), NULL);
    rb_table_add(table, is_affected ? style->bad : style->warn,
                 rb_json_get_string(advisory, "id", NULL));
    rb_table_add(table, style->dim, rb_view_when(advisory, "publishedAt", now_at, when));
    add_severity(table, style, advisory);
    rb_table_add(table, is_exploited ? style->bad : "", threat);
    rb_table_add(table, rb_text_equal(fix, "available") ? style->good : "", fix);
    rb_table_add(table, style->name, packages);
    rb_table_add(table, style->name, images);
    rb_table_add(table, style->name, deployments);
}

static void print_advisories(const json_t *answer)
{
    static const struct rb_table_column columns[] = {
        {"ADVISORY", 0, 0}, {"PUBLISHED", 0, 0}, {"SEVERITY", 0, 0}, {"EXPLOITED", 0, 0},
        {"FIX", 0, 0},      {"PACKAGE", 0, 12},  {"IMAGE", 0, 12},   {"DEPLOYED TO", 0, 12}};
    struct rb_style style = rb_style_for(stdout);
    const json_t *advisories = json_object_get(answer, "advisories"), *advisory;
    int64_t now_at = rb_clock_now(&rb_clock_system),
            count = rb_json_get_integer(answer, "count", 0);
    size_t i, shown = json_array_size(advisories);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    json_array_foreach(advisories, i, advisory) add_row(table, &style, advisory, now_at);
    if (shown > 0)
        rb_table_print(table, stdout);
    printf("%s%lld open%s", style.bold, (long long)count, style.reset);
    if ((size_t)count > shown)
        printf(", of which the first %zu (--limit)", shown);
    puts("");
}

static int run_advisories(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"unfixed", "kev", "since", "limit", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 0)
        return rb_command_usage(command, "takes options alone");
    int64_t since_at = asked.since_ms == 0 ? 0 : rb_clock_now(&rb_clock_system) - asked.since_ms;
    RB_CLEANUP_FREE char *path =
        rb_asprintf("/v1/advisories?unfixed=%s&kev=%s&since=%lld&limit=%lld",
                    asked.unfixed ? "true" : "false", asked.kev ? "true" : "false",
                    (long long)since_at, (long long)(asked.limit == 0 ? 100 : asked.limit));
    return rb_client_show(command, &asked, path, print_advisories);
}

const struct rb_command rb_command_advisories = {
    .name = "advisories",
    .arguments = "[--unfixed] [--kev] [--since SPAN] [--limit N] [--json]",
    .summary = "List the vulnerabilities that images or deployments have, the worst first",
    .help = "First what is known to be exploited, then by the EPSS score, then by how many\n"
            "packages have it. FIX is none, known (a version has it), or available (in a\n"
            "repository that is watched).\n"
            "\n"
            "  --unfixed     those without a fix alone\n"
            "  --kev         those that are known to be exploited alone\n"
            "  --since SPAN  those published so long ago or later (7d)\n"
            "  --limit N     so many at most (default: 100)\n" RB_CLIENT_HELP,
    .run = run_advisories,
};
