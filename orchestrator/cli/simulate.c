/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake simulate`: what policies would have cost, and how soon they would have patched. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "policy_open.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/simulate/simulate.h"
#include "style.h"
#include "table.h"

enum { POLICIES_MAXIMUM = 8, DEFAULT_IMAGES = 1000, DEFAULT_JOBS = 16, JOBS_MAXIMUM = 10000 };

struct arguments {
    const char *policies[POLICIES_MAXIMUM];
    size_t policy_count;
    const char *history;  /* a file; NULL: a generated one */
    const char *generate; /* "debian-year" */
    bool write;           /* the history itself, and nothing else */
    bool json;
    uint64_t images, seed, jobs;
    int64_t settle_ms, approve_after_ms;
    double cost_a_minute;
};

static bool take_number(const char *text, uint64_t most, uint64_t *ret_value)
{
    return rb_text_to_u64(text, ret_value) && *ret_value >= 1 && *ret_value <= most;
}

static bool take_money(const char *text, double *ret_value)
{
    char *end;
    *ret_value = strtod(text, &end);
    return end != text && *end == '\0' && *ret_value >= 0 && *ret_value < 1e9;
}

static bool take_option(int option, const char *argument, struct arguments *arguments)
{
    switch (option) {
    case 'p':
        if (arguments->policy_count == POLICIES_MAXIMUM)
            return false;
        arguments->policies[arguments->policy_count++] = argument;
        return true;
    case 'h':
        arguments->history = argument;
        return true;
    case 'g':
        arguments->generate = argument;
        return strcmp(argument, "debian-year") == 0;
    case 'w':
        arguments->write = true;
        return true;
    case 'j':
        arguments->json = true;
        return true;
    case 'i':
        return take_number(argument, RB_HISTORY_IMAGES_MAXIMUM, &arguments->images);
    case 's':
        return rb_text_to_u64(argument, &arguments->seed);
    case 'n':
        return take_number(argument, JOBS_MAXIMUM, &arguments->jobs);
    case 't':
        return rb_span_parse(argument, &arguments->settle_ms, NULL) == 0;
    case 'a':
        return rb_span_parse(argument, &arguments->approve_after_ms, NULL) == 0;
    case 'c':
        return take_money(argument, &arguments->cost_a_minute);
    default:
        return false;
    }
}

static int take_arguments(const struct rb_command *command, int argc, char **argv,
                          struct arguments *arguments)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"history", required_argument, NULL, 'h'},
                                            {"generate", required_argument, NULL, 'g'},
                                            {"images", required_argument, NULL, 'i'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"jobs", required_argument, NULL, 'n'},
                                            {"settle", required_argument, NULL, 't'},
                                            {"approve-after", required_argument, NULL, 'a'},
                                            {"write-history", no_argument, NULL, 'w'},
                                            {"cost-per-minute", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    *arguments = (struct arguments){.images = DEFAULT_IMAGES, .seed = 1, .jobs = DEFAULT_JOBS};
    for (int option, index = 0; (option = getopt_long(argc, argv, "", options, &index)) != -1;) {
        if (option == '?')
            return rb_command_usage(command, NULL);
        if (!take_option(option, optarg, arguments))
            return rb_command_usage(command, "--%s does not take \"%s\"", options[index].name,
                                    optarg == NULL ? "" : optarg);
    }
    if (optind != argc)
        return rb_command_usage(command, NULL);
    if ((arguments->history == NULL) == (arguments->generate == NULL))
        return rb_command_usage(command, "say --history FILE or --generate debian-year");
    if (arguments->policy_count == 0 && !arguments->write)
        return rb_command_usage(command, "say which --policy: FILE, builtin:NAME or none");
    return RB_EXIT_OK;
}

static int open_history(const struct arguments *arguments, struct rb_history **ret_history,
                        struct rb_err *err)
{
    if (arguments->history != NULL)
        return rb_history_read(arguments->history, ret_history, err);
    *ret_history = rb_history_generate((size_t)arguments->images, arguments->seed);
    return 0;
}

static int simulate_one(const struct rb_command *command, const struct arguments *arguments,
                        const struct rb_history *history, const char *name, json_t *reports)
{
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    struct rb_err err;
    json_t *report;
    bool is_none = strcmp(name, "none") == 0;
    int code = is_none ? RB_EXIT_OK : rb_policy_open(command, name, &policy);
    if (code != RB_EXIT_OK)
        return code;
    struct rb_simulation simulation = {.history = history,
                                       .policy = policy,
                                       .jobs = (int)arguments->jobs,
                                       .settle_ms = arguments->settle_ms,
                                       .approve_after_ms = arguments->approve_after_ms,
                                       .cost_a_minute = arguments->cost_a_minute};
    if (rb_simulate(&simulation, &report, &err) != 0)
        return rb_command_fail(command, &err);
    rb_json_append(reports, report);
    return RB_EXIT_OK;
}

/* One line of the table: a figure of each policy. */
struct line {
    const char *title;
    const char *path; /* "timeToPatch.critical.p50Ms" */
    bool is_span;
};

static const json_t *member_at(const json_t *json, const char *path)
{
    while (json != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        RB_CLEANUP_FREE char *member = rb_strndup(path, size);
        json = json_object_get(json, member);
        path += path[size] == '.' ? size + 1 : size;
    }
    return json;
}

static void add_figure(struct rb_table *table, const struct line *line, const json_t *report)
{
    char span[RB_TIME_TEXT_SIZE];
    const json_t *value = member_at(report, line->path);
    if (!json_is_number(value))
        rb_table_add(table, "", NULL);
    else if (line->is_span)
        rb_table_add(table, "", rb_span_format(json_integer_value(value), span));
    else
        rb_table_addf(table, "", "%.0f", json_number_value(value));
}

static void print_reports(const json_t *reports)
{
    static const struct line LINES[] = {
        {"builds", "builds", false},
        {"minutes of building", "minutes", false},
        {"cost", "cost", false},
        {"merged into a queued build", "merged", false},
        {"given up for newer inputs", "givenUp", false},
        {"most at the same time", "mostRunning", false},
        {"longest queue", "mostWaiting", false},
        {"wait in the queue, mean", "waitedMs", true},
        {"holds", "held", false},
        {"approvals", "approvals", false},
        {"exposures closed", "timeToPatch.all.count", false},
        {"exposures open in the end", "timeToPatch.all.open", false},
        {"time to patch, critical, median", "timeToPatch.critical.p50Ms", true},
        {"time to patch, critical, worst", "timeToPatch.critical.maxMs", true},
        {"time to patch, high, median", "timeToPatch.high.p50Ms", true},
        {"time to patch, high, 90 of 100", "timeToPatch.high.p90Ms", true},
        {"time to patch, all, median", "timeToPatch.all.p50Ms", true},
        {"time to patch, all, 90 of 100", "timeToPatch.all.p90Ms", true},
        {"deadlines met", "sla.met", false},
        {"deadlines missed", "sla.breached", false},
    };
    struct rb_style style = rb_style_for(stdout);
    struct rb_table_column columns[POLICIES_MAXIMUM + 1] = {{"", 0, 0}};
    size_t count = json_array_size(reports), i;
    const json_t *report;
    json_array_foreach(reports, i, report) columns[i + 1] =
        (struct rb_table_column){rb_json_get_string(report, "policy", ""), 1, 0};
    RB_CLEANUP(rb_table_cleanup) struct rb_table *table = rb_table_new(columns, count + 1);
    for (size_t line = 0; line < RB_COUNT_OF(LINES); line++) {
        rb_table_add(table, style.name, LINES[line].title);
        json_array_foreach(reports, i, report) add_figure(table, &LINES[line], report);
    }
    report = json_array_get(reports, 0);
    printf("%s%lld images, %lld events, %s to %s%s\n\n", style.bold,
           (long long)rb_json_get_integer(report, "images", 0),
           (long long)rb_json_get_integer(report, "events", 0),
           rb_json_get_string(report, "from", ""), rb_json_get_string(report, "to", ""),
           style.reset);
    rb_table_print(table, stdout);
}

static int run_simulate(const struct rb_command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct rb_err err;
    RB_CLEANUP(rb_history_cleanup) struct rb_history *history = NULL;
    RB_CLEANUP_JSON json_t *reports = rb_json_array();
    if (take_arguments(command, argc, argv, &arguments) != RB_EXIT_OK)
        return RB_EXIT_USAGE;
    if (open_history(&arguments, &history, &err) != 0)
        return rb_command_fail(command, &err);
    if (arguments.write)
        return rb_history_write(history, stdout, &err) == 0 ? RB_EXIT_OK
                                                            : rb_command_fail(command, &err);
    for (size_t i = 0; i < arguments.policy_count; i++) {
        int code = simulate_one(command, &arguments, history, arguments.policies[i], reports);
        if (code != RB_EXIT_OK)
            return code;
    }
    if (arguments.json) {
        RB_CLEANUP_FREE char *text = rb_json_pretty(reports);
        puts(text);
    } else {
        print_reports(reports);
    }
    return RB_EXIT_OK;
}

const struct rb_command rb_command_simulate = {
    .name = "simulate",
    .arguments =
        "--policy FILE|builtin:NAME|none... --generate debian-year|--history FILE [OPTION...]",
    .summary = "Replay a year of updates against policies: builds, cost, time to patch",
    .help =
        "By the planner, the dispatcher and the rules that the daemon has; several policies stand "
        "side\n"
        "by side. docs/reference/simulate.md tells what is assumed and how a history is "
        "written.\n\n"
        "  --images N            of a generated fleet (default: 1000)\n"
        "  --seed N              another one of the kind (default: 1)\n"
        "  --jobs N              builds at the same time (default: 16)\n"
        "  --settle SPAN         quiet time before a build (default: none)\n"
        "  --approve-after SPAN  persons approve what waits for them after so long (default: "
        "never)\n"
        "  --cost-per-minute X   of building\n"
        "  --write-history       print the history instead, as --history reads it\n"
        "  --json                print the reports as JSON\n",
    .run = run_simulate,
};
