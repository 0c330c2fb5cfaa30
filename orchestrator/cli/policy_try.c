/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake policy test` and `rebake policy eval`: a policy tried without a daemon. Its rules run in
   this process, which has no other work and bounds on its memory and time. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "command.h"
#include "pipeline_file.h"
#include "policy_open.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/policy_cases.h"

enum { INPUT_MAXIMUM = 16 << 20, SECONDS_MAXIMUM = 60 };

/* The time of inputs that say none: a Wednesday at noon. */
static const char TEST_TIME[] = "2026-01-07T12:00:00Z";

static void bound_this_process(void)
{
    const struct rlimit time = {SECONDS_MAXIMUM, SECONDS_MAXIMUM};
    (void)setrlimit(RLIMIT_CPU, &time); /* best effort: a person waits for it and can end it */
}

static void set_default(json_t *input, const char *member, const char *text)
{
    if (json_object_get(input, member) == NULL)
        rb_json_set_string(input, member, text);
}

/* One file of cases while it is tried. */
struct trial {
    struct rb_policy *policy;
    bool *reached; /* one for each of its rules */
    size_t failed;
};

static void note_reached(struct trial *trial, const json_t *result)
{
    size_t i;
    const json_t *name;
    json_array_foreach(json_object_get(result, "rules"), i, name)
    {
        for (size_t rule = 0; rule < rb_policy_rule_count(trial->policy); rule++) {
            if (rb_text_equal(rb_policy_rule_name(trial->policy, rule), json_string_value(name)))
                trial->reached[rule] = true;
        }
    }
}

/* Prints what differs; true when something does. Of an object only the members that are wanted. */
static bool differs(const struct rb_policy_case *item, const char *path, const json_t *found,
                    const json_t *wanted)
{
    const char *key;
    json_t *value;
    bool any = false;
    if (json_is_object(wanted) && json_is_object(found)) {
        json_object_foreach((json_t *)wanted, key, value)
        {
            RB_CLEANUP_FREE char *below =
                rb_asprintf("%s%s%s", path, *path == '\0' ? "" : ".", key);
            any = differs(item, below, json_object_get(found, key), value) || any;
        }
        return any;
    }
    if (json_is_null(wanted) ? found == NULL : json_equal(found, wanted))
        return false;
    RB_CLEANUP_FREE char *is = found == NULL ? rb_strdup("nothing") : rb_json_canonical(found);
    RB_CLEANUP_FREE char *should =
        json_is_null(wanted) ? rb_strdup("nothing") : rb_json_canonical(wanted);
    printf("%s:%d: case \"%s\": %s is %s, not %s\n", item->place.file, item->place.line, item->name,
           path, is, should);
    return true;
}

static void try_case(struct trial *trial, const struct rb_policy_case *item)
{
    RB_CLEANUP_JSON json_t *result = NULL;
    struct rb_err err;
    set_default(item->input, "now", TEST_TIME);
    if (rb_policy_decide(trial->policy, item->input, &result, &err) != 0) {
        printf("%s:%d: case \"%s\": %s\n", item->place.file, item->place.line, item->name,
               err.text);
        trial->failed++;
        return;
    }
    note_reached(trial, result);
    if (!differs(item, "", result, item->wanted))
        return;
    trial->failed++;
    printf("  rule \"%s\" decided: %s\n", rb_json_get_string(result, "rule", ""),
           rb_json_get_string(result, "reason", ""));
}

static void print_coverage(const struct trial *trial, const struct rb_policy_cases *cases)
{
    size_t count = rb_policy_rule_count(trial->policy), reached = 0;
    for (size_t i = 0; i < count; i++)
        reached += trial->reached[i];
    printf("%s: %zu of %zu cases as expected; they reach %zu of %zu rules\n", cases->file,
           cases->count - trial->failed, cases->count, reached, count);
    for (size_t i = 0; i < count; i++) {
        if (!trial->reached[i])
            printf("  no case reaches rule \"%s\"\n", rb_policy_rule_name(trial->policy, i));
    }
}

/* A policy is named from the folder of the cases. */
static char *policy_beside(const struct rb_policy_cases *cases)
{
    const char *slash = strrchr(cases->file, '/');
    if (slash == NULL || *cases->policy == '/' || rb_text_starts_with(cases->policy, "builtin:"))
        return rb_strdup(cases->policy);
    return rb_asprintf("%.*s/%s", (int)(slash - cases->file), cases->file, cases->policy);
}

static int test_file(const struct rb_command *command, const char *path, bool cover)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_policy_cases *cases;
    struct rb_err err;
    if (rb_policy_cases_read(path, &cases, &diagnostics, &err) != 0)
        return rb_pipeline_file_refuse(command, &diagnostics, &err);
    RB_CLEANUP_FREE char *name = policy_beside(cases);
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    int code = rb_policy_open(command, name, &policy);
    if (code == RB_EXIT_OK) {
        size_t count = rb_policy_rule_count(policy);
        RB_CLEANUP_FREE bool *reached = rb_calloc(count, sizeof(bool));
        struct trial trial = {.policy = policy, .reached = reached};
        for (size_t i = 0; i < cases->count; i++)
            try_case(&trial, &cases->items[i]);
        print_coverage(&trial, cases);
        bool all = true;
        for (size_t i = 0; i < count; i++)
            all = all && reached[i];
        code = trial.failed > 0 || (cover && !all) ? RB_EXIT_FAILED : RB_EXIT_OK;
    }
    rb_policy_cases_free(cases);
    return code;
}

static int run_test(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {{"cover", no_argument, NULL, 'c'}, {0}};
    bool cover = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'c')
            return rb_command_usage(command, NULL);
        cover = true;
    }
    if (optind == argc)
        return rb_command_usage(command, "name a file of cases");
    bound_this_process();
    int worst = RB_EXIT_OK;
    for (int i = optind; i < argc; i++) {
        if (test_file(command, argv[i], cover) != RB_EXIT_OK)
            worst = RB_EXIT_FAILED;
    }
    return worst;
}

static int read_standard_input(char **ret_data, size_t *ret_size, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = rb_alloc(INPUT_MAXIMUM + 1);
    *ret_size = fread(data, 1, INPUT_MAXIMUM + 1, stdin);
    if (ferror(stdin))
        return rb_err_sys(err, errno, "read standard input");
    if (*ret_size > INPUT_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "standard input is larger than %d bytes", INPUT_MAXIMUM);
    *ret_data = rb_steal(&data);
    return 0;
}

static int read_input(const char *path, json_t **ret_input, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    bool is_standard = strcmp(path, "-") == 0;
    int status = is_standard ? read_standard_input(&data, &size, err)
                             : rb_file_read(path, INPUT_MAXIMUM, &data, &size, err);
    return status == 0
               ? rb_json_parse(data, size, is_standard ? "standard input" : path, ret_input, err)
               : status;
}

static int run_eval(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'}, {"input", required_argument, NULL, 'i'}, {0}};
    const char *name = NULL, *path = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'p' && option != 'i')
            return rb_command_usage(command, NULL);
        *(option == 'p' ? &name : &path) = optarg;
    }
    if (name == NULL || path == NULL || optind != argc)
        return rb_command_usage(command, "say --policy FILE and --input FILE, or - for standard "
                                         "input");
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    RB_CLEANUP_JSON json_t *input = NULL;
    RB_CLEANUP_JSON json_t *result = NULL;
    char now[RB_TIME_TEXT_SIZE];
    struct rb_err err;
    bound_this_process();
    int code = rb_policy_open(command, name, &policy);
    if (code != RB_EXIT_OK)
        return code;
    if (read_input(path, &input, &err) != 0)
        return rb_command_fail(command, &err);
    if (json_is_object(json_object_get(input, "input"))) /* as it is sent to a server */
        json_object_update(input, json_object_get(input, "input"));
    if (json_is_object(input))
        set_default(input, "now", rb_time_format(rb_clock_now(&rb_clock_system), now));
    if (rb_policy_decide(policy, input, &result, &err) != 0)
        return rb_command_fail(command, &err);
    RB_CLEANUP_FREE char *text = rb_json_pretty(result);
    puts(text);
    return RB_EXIT_OK;
}

const struct rb_command rb_command_policy_test = {
    .name = "policy test",
    .arguments = "[--cover] FILE...",
    .summary = "Try a policy with cases, and tell which rules no case reaches",
    .help =
        "A file of cases: policy-test names the policy, and each case has an input and the "
        "members\n"
        "that the answer must have (rebake-policy(5)). Exit codes: 0 all is as expected, 1 it is "
        "not.\n\n"
        "  --cover        a rule that no case reaches is a failure too\n",
    .run = run_test,
};

const struct rb_command rb_command_policy_eval = {
    .name = "policy eval",
    .arguments = "--policy FILE|builtin:NAME --input FILE|-",
    .summary = "Print what a policy decides on an input",
    .help = "The input is what a policy server is asked (docs/reference/policy-input.schema.json), "
            "alone\n"
            "or as {\"input\": …}. Without \"now\" it is decided on as of now.\n",
    .run = run_eval,
};
