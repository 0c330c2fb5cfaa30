/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake plan`: what would be done and why, and what if; without doing it. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "table.h"
#include "view.h"

/* "SOURCE=VERSION" or "SOURCE:PACKAGE=VERSION". */
static json_t *read_supposition(const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return NULL;
    RB_CLEANUP_FREE char *source = rb_strndup(text, (size_t)(equals - text));
    char *package = strchr(source, ':');
    json_t *json = rb_json_object();
    if (package != NULL)
        *package++ = '\0';
    rb_json_set_string(json, "source", source);
    if (package != NULL)
        rb_json_set_string(json, "package", package);
    rb_json_set_string(json, "version", equals + 1);
    return json;
}

/* Is it asked for: by its full name, or by its own alone? No names: all are. */
static bool is_asked_for(const json_t *item, char **names, int count)
{
    const char *full = rb_json_get_string(item, "image", "");
    const char *slash = strchr(full, '/');
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], full) == 0 || (slash != NULL && strcmp(names[i], slash + 1) == 0))
            return true;
    }
    return count == 0;
}

static void keep_asked_for(json_t *answer, const char *member, char **names, int count)
{
    json_t *list = json_object_get(answer, member);
    for (size_t i = json_array_size(list); i-- > 0;) {
        if (!is_asked_for(json_array_get(list, i), names, count))
            (void)json_array_remove(list, i);
    }
}

static void add_expected(struct rb_table *table, const json_t *item)
{
    char span[RB_TIME_TEXT_SIZE];
    int64_t expected_ms = rb_json_get_integer(item, "expectedMs", 0);
    rb_table_add(table, "", expected_ms == 0 ? NULL : rb_span_format(expected_ms, span));
}

static void add_build(struct rb_table *table, const struct rb_style *style, const char *mark,
                      const json_t *item)
{
    const char *state = rb_json_get_string(item, "state", "");
    RB_CLEANUP_FREE char *reasons = rb_view_reasons(json_object_get(item, "reasons"));
    rb_table_addf(table, "", "%s%lld", mark, (long long)rb_json_get_integer(item, "wave", 0));
    rb_table_add(table, style->name, rb_json_get_string(item, "image", NULL));
    rb_table_add(table, rb_view_style(style, state), strcmp(state, "stale") == 0 ? "build" : state);
    add_expected(table, item);
    rb_table_add(table, "", *reasons == '\0' ? "its base is new" : reasons);
}

static void add_wait(struct rb_table *table, const struct rb_style *style, const json_t *item)
{
    const char *state = rb_json_get_string(item, "state", "");
    rb_table_add(table, "", NULL);
    rb_table_add(table, style->name, rb_json_get_string(item, "image", NULL));
    rb_table_add(table, rb_view_style(style, state), state);
    rb_table_add(table, "", NULL);
    rb_table_add(table, "", rb_json_get_string(item, "cause", NULL));
}

static const struct rb_table_column COLUMNS[] = {
    {"WAVE", 1, 0}, {"IMAGE", 0, 16}, {"WHAT", 0, 0}, {"TAKES", 1, 0}, {"WHY", 0, 24}};

static void print_sum(const struct rb_style *style, const json_t *answer)
{
    char span[RB_TIME_TEXT_SIZE];
    size_t builds = json_array_size(json_object_get(answer, "builds"));
    size_t deployments = json_array_size(json_object_get(answer, "deployments"));
    int64_t expected_ms = rb_json_get_integer(answer, "expectedMs", 0);
    printf("%s%zu to build%s%s, %zu to deploy, %zu that wait%s\n", style->bold, builds,
           expected_ms == 0 ? "" : " in ",
           expected_ms == 0 ? "" : rb_span_format(expected_ms, span), deployments,
           json_array_size(json_object_get(answer, "waits")), style->reset);
}

static void print_plan(const json_t *answer)
{
    struct rb_style style = rb_style_for(stdout);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(COLUMNS, RB_COUNT_OF(COLUMNS));
    const json_t *builds = json_object_get(answer, "builds"), *item;
    const json_t *waits = json_object_get(answer, "waits");
    size_t i;
    json_array_foreach(builds, i, item) add_build(table, &style, "", item);
    json_array_foreach(waits, i, item) add_wait(table, &style, item);
    if (json_array_size(builds) + json_array_size(waits) > 0) {
        rb_table_print(table, stdout);
        puts("");
    }
    print_sum(&style, answer);
}

static const json_t *find(const json_t *list, const json_t *like)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (json_equal(json_object_get(item, "image"), json_object_get(like, "image")))
            return item;
    }
    return NULL;
}

static bool is_same(const json_t *a, const json_t *b)
{
    return a != NULL && json_equal(json_object_get(a, "reasons"), json_object_get(b, "reasons"));
}

/* What of one list the other has not, or has for other reasons. */
static size_t add_differences(struct rb_table *table, const struct rb_style *style,
                              const char *mark, const json_t *list, const json_t *other)
{
    size_t i, count = 0;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (is_same(find(other, item), item))
            continue;
        add_build(table, style, mark, item);
        count++;
    }
    return count;
}

static void print_difference(const json_t *without, const json_t *with)
{
    struct rb_style style = rb_style_for(stdout);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(COLUMNS, RB_COUNT_OF(COLUMNS));
    const json_t *before = json_object_get(without, "builds");
    const json_t *after = json_object_get(with, "builds");
    size_t gone = add_differences(table, &style, "-", before, after);
    size_t more = add_differences(table, &style, "+", after, before);
    if (gone + more > 0) {
        rb_table_print(table, stdout);
        puts("");
    }
    printf("%s%zu more or for other reasons, %zu that fall away or change%s\n", style.bold, more,
           gone, style.reset);
}

/* Asks for a plan; only what the names ask for is kept of it. */
static int get_plan(struct rb_client *client, const json_t *what_if, char **names, int count,
                    json_t **ret_answer, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *body = rb_json_object();
    if (what_if != NULL)
        rb_json_set(body, "whatIf", json_incref((json_t *)what_if));
    int status = rb_client_post(client, "/v1/plan", body, ret_answer, err);
    if (status != 0)
        return status;
    keep_asked_for(*ret_answer, "builds", names, count);
    keep_asked_for(*ret_answer, "waits", names, count);
    keep_asked_for(*ret_answer, "deployments", names, count);
    return 0;
}

static int show_difference(const struct rb_command *command, struct rb_client *client,
                           const struct rb_client_options *asked, const json_t *with, char **names,
                           int count)
{
    RB_CLEANUP_JSON json_t *without = NULL;
    struct rb_err err;
    if (get_plan(client, NULL, names, count, &without, &err) != 0)
        return rb_command_fail(command, &err);
    if (!asked->json) {
        print_difference(without, with);
        return RB_EXIT_OK;
    }
    RB_CLEANUP_JSON json_t *both = rb_json_object();
    rb_json_set(both, "without", json_incref(without));
    rb_json_set(both, "with", json_incref((json_t *)with));
    rb_client_print(both);
    return RB_EXIT_OK;
}

static int read_what_if(const struct rb_command *command, const struct rb_client_options *asked,
                        json_t *what_if)
{
    for (size_t i = 0; i < asked->what_if_count; i++) {
        json_t *supposition = read_supposition(asked->what_if[i]);
        if (supposition == NULL)
            return rb_command_usage(command,
                                    "--what-if takes SOURCE=VERSION or SOURCE:PACKAGE=VERSION");
        rb_json_append(what_if, supposition);
    }
    return RB_EXIT_OK;
}

static int run_plan(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"what-if", "diff", NULL};
    struct rb_client_options asked;
    struct rb_err err;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (asked.diff && asked.what_if_count == 0)
        return rb_command_usage(command, "--diff tells what --what-if makes of the plan: say what");
    RB_CLEANUP_JSON json_t *what_if = rb_json_array();
    RB_CLEANUP_JSON json_t *answer = NULL;
    if (read_what_if(command, &asked, what_if) != RB_EXIT_OK)
        return RB_EXIT_USAGE;
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked.socket_path);
    if (get_plan(client, what_if, argv, count, &answer, &err) != 0)
        return rb_command_fail(command, &err);
    if (asked.diff)
        return show_difference(command, client, &asked, answer, argv, count);
    if (asked.json)
        rb_client_print(answer);
    else
        print_plan(answer);
    return RB_EXIT_OK;
}

const struct rb_command rb_command_plan = {
    .name = "plan",
    .arguments = "[IMAGE...] [--what-if SOURCE[:PACKAGE]=VERSION]... [--diff] [--json]",
    .summary = "Show what would be done and why, and what if, without doing it",
    .help =
        "Wave by wave, as if each build ended well with something new and policy allowed what it "
        "was\n"
        "not asked yet. Nothing is written.\n\n"
        "  --what-if SOURCE=VERSION          as if the source had this version: a digest, a "
        "commit\n"
        "  --what-if SOURCE:PACKAGE=VERSION  as if the repository offered this version of a "
        "package\n"
        "  --diff         only what that makes of the plan\n" RB_CLIENT_HELP,
    .run = run_plan,
};
