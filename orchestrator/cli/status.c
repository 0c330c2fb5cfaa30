/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake status`: the one screen for three in the morning. What is wrong stands in full, what is
   well in a line. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "source_view.h"
#include "table.h"
#include "view.h"

enum { MOST_SOURCES_SHOWN = 40 };

struct screen {
    const json_t *status;
    struct rb_style style;
    int64_t now_at;
};

static void print_title(const struct screen *screen, const char *title)
{
    printf("\n%s%s%s\n", screen->style.bold, title, screen->style.reset);
}

/* The version's detail is told by `why`; here it is only to be told apart. */
static void add_version(struct rb_table *table, const char *style, const json_t *object,
                        const char *member)
{
    char text[RB_VIEW_TEXT_SIZE];
    rb_table_add(table, style, rb_view_version(rb_json_get_string(object, member, NULL), text));
}

static void add_when(struct rb_table *table, const struct screen *screen, const json_t *object,
                     const char *member)
{
    char text[RB_VIEW_TEXT_SIZE];
    rb_table_add(table, screen->style.dim, rb_view_when(object, member, screen->now_at, text));
}

static void add_state(struct rb_table *table, const struct screen *screen, const json_t *object)
{
    const char *state = rb_json_get_string(object, "state", "?");
    rb_table_add(table, rb_view_style(&screen->style, state), state);
}

static void print_problem(const struct screen *screen, const char *subject, const char *text)
{
    char shown[RB_ERR_TEXT_SIZE];
    printf("  %s%s%s: %s\n", screen->style.bad, subject, screen->style.reset,
           rb_text_printable(text, shown, sizeof(shown)));
}

static void print_failing_sources(const struct screen *screen, const json_t *const *sources,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *error = rb_json_get_string(sources[i], "error", NULL);
        if (error == NULL)
            continue;
        RB_CLEANUP_FREE char *names = rb_source_names(sources[i]);
        char known[RB_VIEW_TEXT_SIZE];
        RB_CLEANUP_FREE char *text =
            rb_asprintf("%s: %s (last seen well: %s)", rb_source_word(sources[i]), error,
                        rb_view_when(sources[i], "lastGoodAt", screen->now_at, known));
        print_problem(screen, names, text);
    }
}

static void add_source(struct rb_table *table, const struct screen *screen, const json_t *source)
{
    const char *word = rb_source_word(source);
    RB_CLEANUP_FREE char *names = rb_source_names(source);
    rb_table_add(table, rb_view_style(&screen->style, word), word);
    rb_table_add(table, screen->style.name, names);
    rb_table_add(table, "", rb_json_get_string(source, "description", NULL));
    add_version(table, "", source, "version");
    add_when(table, screen, source, "lastCheckAt");
    add_when(table, screen, source, "nextCheckAt");
}

/* How many of the sources, the worst first, are in trouble. */
static size_t count_in_trouble(const json_t *const *sources, size_t count)
{
    size_t in_trouble = 0;
    while (in_trouble < count && rb_source_weight(sources[in_trouble]) > 0)
        in_trouble++;
    return in_trouble;
}

/* A few sources are all shown; of many, those in trouble. */
static void print_sources(const struct screen *screen)
{
    static const struct rb_table_column columns[] = {{"STATE", 0, 0},     {"SOURCE", 0, 0},
                                                     {"UPSTREAM", 0, 20}, {"VERSION", 0, 0},
                                                     {"CHECKED", 0, 0},   {"NEXT", 0, 0}};
    size_t count;
    RB_CLEANUP_FREE const json_t **sources =
        rb_sources_by_weight(json_object_get(screen->status, "sources"), &count);
    size_t in_trouble = count_in_trouble(sources, count);
    size_t shown = count <= MOST_SOURCES_SHOWN ? count : in_trouble;
    if (shown > MOST_SOURCES_SHOWN)
        shown = MOST_SOURCES_SHOWN;
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < shown; i++)
        add_source(table, screen, sources[i]);
    print_title(screen, "Sources");
    if (in_trouble > 0)
        printf("%zu of %zu in trouble, the worst: %s\n", in_trouble, count,
               rb_source_word(sources[0]));
    else if (shown < count)
        printf("%zu, none in trouble\n", count);
    if (shown > 0)
        rb_table_print(table, stdout);
    if (shown < count)
        puts("`rebake sources` shows them all.");
    print_failing_sources(screen, sources, shown);
}

/* Why it is in that state: the planner's words, or the reasons that it was given. */
static char *image_words(const json_t *image)
{
    const char *cause = rb_json_get_string(image, "cause", "");
    RB_CLEANUP_FREE char *reasons = rb_view_reasons(json_object_get(image, "reasons"));
    if (*cause == '\0' || *reasons == '\0')
        return rb_strdup(*cause == '\0' ? reasons : cause);
    return rb_asprintf("%s; %s", cause, reasons);
}

static void print_images(const struct screen *screen)
{
    static const struct rb_table_column columns[] = {
        {"STATE", 0, 0}, {"IMAGE", 0, 0}, {"ARTIFACT", 0, 0}, {"SINCE", 0, 0}, {"WHY", 0, 20}};
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    size_t i;
    const json_t *image;
    json_array_foreach(json_object_get(screen->status, "images"), i, image)
    {
        RB_CLEANUP_FREE char *words = image_words(image);
        add_state(table, screen, image);
        rb_table_add(table, screen->style.name, rb_json_get_string(image, "name", NULL));
        add_version(table, "", json_object_get(image, "artifact"), "digest");
        add_when(table, screen, image, "since");
        rb_table_add(table, "", words);
    }
    print_title(screen, "Images");
    rb_table_print(table, stdout);
}

static void print_builds(const struct screen *screen)
{
    static const struct rb_table_column columns[] = {
        {"STATE", 0, 0}, {"BUILD", 1, 0}, {"IMAGE", 0, 0}, {"ELAPSED", 1, 0}, {"WHY", 0, 20}};
    const json_t *builds = json_object_get(screen->status, "builds");
    if (json_array_size(builds) == 0)
        return;
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    size_t i;
    const json_t *build;
    json_array_foreach(builds, i, build)
    {
        char span[RB_TIME_TEXT_SIZE];
        RB_CLEANUP_FREE char *reasons = rb_view_reasons(json_object_get(build, "reasons"));
        add_state(table, screen, build);
        rb_table_addf(table, "", "%lld", (long long)rb_json_get_integer(build, "id", 0));
        rb_table_add(table, screen->style.name, rb_json_get_string(build, "image", NULL));
        rb_table_add(table, "", rb_span_format(rb_json_get_integer(build, "elapsedMs", 0), span));
        rb_table_add(table, "", reasons);
    }
    print_title(screen, "Builds under way");
    rb_table_print(table, stdout);
}

static void print_drift(const struct screen *screen, const json_t *deployment)
{
    size_t i;
    const json_t *drift;
    json_array_foreach(json_object_get(deployment, "drift"), i, drift)
    {
        char seen[RB_VIEW_TEXT_SIZE];
        RB_CLEANUP_FREE char *text = rb_asprintf(
            "drift: %s %s is %s, expected %s (first seen %s)",
            rb_json_get_string(drift, "kind", "?"), rb_json_get_string(drift, "subject", "?"),
            rb_json_get_string(drift, "found", "?"), rb_json_get_string(drift, "expected", "?"),
            rb_view_when(drift, "firstSeenAt", screen->now_at, seen));
        print_problem(screen, rb_json_get_string(deployment, "name", "?"), text);
    }
}

static void print_deployments(const struct screen *screen)
{
    static const struct rb_table_column columns[] = {
        {"STATE", 0, 0},  {"DEPLOYMENT", 0, 0}, {"IMAGE", 0, 0}, {"RUNS", 0, 0},
        {"WANTED", 0, 0}, {"OBSERVED", 0, 0},   {"WHY", 0, 20}};
    const json_t *deployments = json_object_get(screen->status, "deployments");
    if (json_array_size(deployments) == 0)
        return;
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    size_t i;
    const json_t *deployment;
    json_array_foreach(deployments, i, deployment)
    {
        bool behind = !rb_text_equal(rb_json_get_string(deployment, "digest", NULL),
                                     rb_json_get_string(deployment, "wantedDigest", NULL));
        add_state(table, screen, deployment);
        rb_table_add(table, screen->style.name, rb_json_get_string(deployment, "name", NULL));
        rb_table_add(table, "", rb_json_get_string(deployment, "image", NULL));
        add_version(table, behind ? screen->style.warn : "", deployment, "digest");
        add_version(table, "", deployment, "wantedDigest");
        add_when(table, screen, deployment, "observedAt");
        rb_table_add(table, "",
                     rb_json_get_string(deployment, "heldCause",
                                        rb_json_get_string(deployment, "cause", "")));
    }
    print_title(screen, "Deployments");
    rb_table_print(table, stdout);
    json_array_foreach(deployments, i, deployment) print_drift(screen, deployment);
}

static void print_pauses(const struct screen *screen)
{
    size_t i;
    const json_t *pause;
    const json_t *pauses = json_object_get(screen->status, "pauses");
    if (json_array_size(pauses) > 0)
        print_title(screen, "Paused");
    json_array_foreach(pauses, i, pause)
    {
        char when[RB_VIEW_TEXT_SIZE], over[RB_VIEW_TEXT_SIZE];
        bool ends = rb_json_get_string(pause, "until", NULL) != NULL;
        printf("  %s%s%s by %s, %s%s%s: %s\n", screen->style.warn,
               rb_json_get_string(pause, "subject", "?"), screen->style.reset,
               rb_json_get_string(pause, "who", "?"),
               rb_view_when(pause, "at", screen->now_at, when), ends ? ", over " : "",
               ends ? rb_view_when(pause, "until", screen->now_at, over) : "",
               rb_json_get_string(pause, "why", ""));
    }
}

/* What else people have said: `rebake words` tells it in full. */
static void print_words(const struct screen *screen)
{
    size_t pins = json_array_size(json_object_get(screen->status, "pins"));
    size_t approvals = json_array_size(json_object_get(screen->status, "approvals"));
    size_t requests = json_array_size(json_object_get(screen->status, "requests"));
    if (pins + approvals + requests > 0)
        printf("\nSaid by people: %zu pinned, %zu approved, %zu asked for; see `rebake words`.\n",
               pins, approvals, requests);
}

/* Only where something is late or soon will be: the rest is in the sum. */
static void print_deadlines(const struct screen *screen)
{
    const json_t *sla = json_object_get(screen->status, "sla"), *item;
    const json_t *earliest = json_object_get(sla, "earliest");
    char when[RB_VIEW_TEXT_SIZE];
    size_t i;
    if (rb_json_get_integer(sla, "open", 0) == 0)
        return;
    print_title(screen, "Deadlines");
    json_array_foreach(earliest, i, item)
    {
        bool breached = rb_json_get_bool(item, "breached", false);
        printf("  %s%s%s in %s, %s, %s %s\n", breached ? screen->style.bad : screen->style.warn,
               rb_json_get_string(item, "advisory", "?"), screen->style.reset,
               rb_json_get_string(item, "image", "?"), rb_json_get_string(item, "severity", "?"),
               breached ? "breached" : "due", rb_view_when(item, "deadline", screen->now_at, when));
    }
    printf("  %lld open, %lld breached, %lld due soon\n",
           (long long)rb_json_get_integer(sla, "open", 0),
           (long long)rb_json_get_integer(sla, "breached", 0),
           (long long)rb_json_get_integer(sla, "due", 0));
}

/* Those that do not answer: what they are to decide waits. */
static void print_policy_server(const struct screen *screen, const json_t *server)
{
    size_t i;
    const json_t *endpoint;
    json_array_foreach(json_object_get(server, "endpoints"), i, endpoint)
    {
        char error[RB_ERR_TEXT_SIZE];
        const char *state = rb_json_get_string(endpoint, "state", "?");
        if (rb_text_equal(state, "up"))
            continue;
        RB_CLEANUP_FREE char *text = rb_asprintf(
            "it is %s: %s", state,
            rb_text_printable(rb_json_get_string(endpoint, "error", ""), error, sizeof(error)));
        print_problem(screen, rb_json_get_string(endpoint, "endpoint", "?"), text);
    }
}

static void print_policy_servers(const struct screen *screen)
{
    size_t i;
    const json_t *server;
    json_array_foreach(json_object_get(screen->status, "policyServers"), i, server)
        print_policy_server(screen, server);
}

static void print_head(const struct screen *screen)
{
    const json_t *pipelines = json_object_get(screen->status, "pipelines");
    char since[RB_VIEW_TEXT_SIZE];
    printf("%srebaked %s%s started %s;", screen->style.bold,
           rb_json_get_string(screen->status, "version", "?"), screen->style.reset,
           rb_view_when(screen->status, "startedAt", screen->now_at, since));
    size_t i;
    const json_t *pipeline;
    json_array_foreach(pipelines, i, pipeline)
        printf(" %s", rb_json_get_string(pipeline, "name", "?"));
    puts("");
}

static void print_screen(const json_t *status)
{
    struct screen screen = {.status = status, .style = rb_style_for(stdout)};
    const char *now = rb_json_get_string(status, "now", NULL);
    if (now == NULL || rb_time_parse(now, &screen.now_at, NULL) != 0)
        screen.now_at = rb_clock_now(&rb_clock_system);
    print_head(&screen);
    print_sources(&screen);
    print_images(&screen);
    print_builds(&screen);
    print_deployments(&screen);
    print_deadlines(&screen);
    print_pauses(&screen);
    print_words(&screen);
    print_policy_servers(&screen);
}

static int run_status(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 0)
        return rb_command_usage(command, "status takes no argument; see `rebake why`");
    return rb_client_show(command, &asked, "/v1/status", print_screen);
}

const struct rb_command rb_command_status = {
    .name = "status",
    .arguments = "[--json]",
    .summary = "Show sources, images, builds, deployments and drift",
    .help = RB_CLIENT_HELP,
    .run = run_status,
};
