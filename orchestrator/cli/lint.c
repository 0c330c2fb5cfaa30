/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake lint`: all that is wrong with pipeline, policy and settings files, before a daemon reads
 * them. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "pipeline_file.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/pipelines/settings.h"
#include "rebake/policy/policy.h"

enum { FILE_MAXIMUM = 1 << 20 };

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static int lint_settings_for_people(const struct rb_command *command, const char *path)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_settings_cleanup) struct rb_settings *settings = NULL;
    struct rb_err err;
    if (rb_settings_read(path, &settings, &found, &err) != 0)
        return rb_pipeline_file_refuse(command, &found, &err);
    printf("%s: settings %s are good: %zu hook%s\n", path, settings->name, settings->hook_count,
           plural(settings->hook_count));
    return RB_EXIT_OK;
}

static bool is_policy(const char *path)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    return rb_file_read(path, FILE_MAXIMUM, &data, &size, NULL) == 0 &&
           rb_pipeline_is_policy(data, size);
}

static int lint_policy_for_people(const struct rb_command *command, const char *path)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    struct rb_err err;
    if (rb_policy_read(path, &policy, &found, &err) != 0)
        return rb_pipeline_file_refuse(command, &found, &err);
    size_t rules = rb_policy_rule_count(policy);
    printf("%s: policy %s is good: %zu rule%s\n", path, rb_policy_name(policy), rules,
           plural(rules));
    return RB_EXIT_OK;
}

/* With the policy file that it names, whose first mistake is told where it is named. */
static int read_pipeline(const char *path, struct rb_pipeline **ret_pipeline,
                         struct rb_diagnostics *found, struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics inside = {0};
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    int status = rb_pipeline_read(path, ret_pipeline, found, err);
    if (status != 0 || (*ret_pipeline)->policy == NULL || (*ret_pipeline)->policy->file == NULL)
        return status;
    const struct rb_policy_choice *choice = (*ret_pipeline)->policy;
    const char *slash = strrchr(path, '/');
    RB_CLEANUP_FREE char *file =
        rb_asprintf("%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - path), path, choice->file);
    status = rb_policy_read(file, &policy, &inside, err);
    if (status == 0)
        return 0;
    const struct rb_diagnostic *first = inside.count > 0 ? &inside.items[0] : NULL;
    if (first != NULL)
        rb_diagnostics_add(found, &choice->place, first->hint, "policy: %s:%d:%d: %s",
                           first->place.file, first->place.line, first->place.column,
                           first->message);
    else
        rb_diagnostics_add(found, &choice->place, NULL, "policy: %s", err->text);
    return status;
}

static int lint_for_people(const struct rb_command *command, const char *path)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    if (rb_settings_are_in(path))
        return lint_settings_for_people(command, path);
    if (is_policy(path))
        return lint_policy_for_people(command, path);
    if (read_pipeline(path, &pipeline, &found, &err) != 0)
        return rb_pipeline_file_refuse(command, &found, &err);
    printf("%s: pipeline %s is good: %zu source%s, %zu image%s, %zu deployment%s\n", path,
           pipeline->name, pipeline->source_count, plural(pipeline->source_count),
           pipeline->image_count, plural(pipeline->image_count), pipeline->deployment_count,
           plural(pipeline->deployment_count));
    return RB_EXIT_OK;
}

static json_t *diagnostic_to_json(int line, int column, const char *message, const char *hint)
{
    json_t *object = rb_json_object();
    rb_json_set_integer(object, "line", line);
    rb_json_set_integer(object, "column", column);
    rb_json_set_string(object, "message", message);
    rb_json_set_string(object, "hint", hint);
    return object;
}

static json_t *diagnostics_to_json(const struct rb_diagnostics *found)
{
    json_t *diagnostics = rb_json_array();
    for (size_t i = 0; i < found->count; i++)
        rb_json_append(diagnostics,
                       diagnostic_to_json(found->items[i].place.line, found->items[i].place.column,
                                          found->items[i].message, found->items[i].hint));
    return diagnostics;
}

/* One item of "files". A file that cannot be read has one diagnostic, on line 0. */
static json_t *lint_to_json(const char *path, bool *ret_good)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    RB_CLEANUP(rb_settings_cleanup) struct rb_settings *settings = NULL;
    struct rb_err err;
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    int status = rb_settings_are_in(path) ? rb_settings_read(path, &settings, &found, &err)
                 : is_policy(path)        ? rb_policy_read(path, &policy, &found, &err)
                                          : read_pipeline(path, &pipeline, &found, &err);
    json_t *diagnostics = diagnostics_to_json(&found);
    if (status != 0 && found.count == 0)
        rb_json_append(diagnostics, diagnostic_to_json(0, 0, err.text, NULL));
    json_t *file = rb_json_object();
    rb_json_set_string(file, "file", path);
    bool is_pipeline = status == 0 && pipeline != NULL;
    rb_json_set_string(file, "pipeline", is_pipeline ? pipeline->name : NULL);
    rb_json_set_string(file, "policy", policy != NULL ? rb_policy_name(policy) : NULL);
    rb_json_set_string(file, "settings", settings != NULL ? settings->name : NULL);
    rb_json_set(file, "diagnostics", diagnostics);
    rb_json_set_integer(file, "dropped", (int64_t)found.dropped);
    *ret_good = status == 0;
    return file;
}

static int lint_all_to_json(char **paths)
{
    RB_CLEANUP_JSON json_t *document = rb_json_object();
    json_t *files = rb_json_array();
    bool all_good = true;
    for (; *paths != NULL; paths++) {
        bool good;
        rb_json_append(files, lint_to_json(*paths, &good));
        all_good = all_good && good;
    }
    rb_json_set(document, "files", files);
    RB_CLEANUP_FREE char *text = rb_json_pretty(document);
    puts(text);
    return all_good ? RB_EXIT_OK : RB_EXIT_FAILED;
}

static int run_lint(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool json = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'j')
            return rb_command_usage(command, NULL);
        json = true;
    }
    if (optind == argc)
        return rb_command_usage(command, "name a pipeline, policy or settings file");
    if (json)
        return lint_all_to_json(argv + optind);
    int worst = RB_EXIT_OK;
    for (int i = optind; i < argc; i++) {
        if (lint_for_people(command, argv[i]) != RB_EXIT_OK)
            worst = RB_EXIT_FAILED;
    }
    return worst;
}

const struct rb_command rb_command_lint = {
    .name = "lint",
    .arguments = "[--json] FILE...",
    .summary = "Check pipeline, policy and settings files and print all that is wrong with them",
    .help =
        "What is wrong goes to standard error, one FILE:LINE:COLUMN: MESSAGE (HINT) a line, all\n"
        "of it in one run (100 a file at most). Exit codes: 0 every file is good, 1 one is not.\n"
        "\n"
        "A file with the key \"settings\" is taken as one of rebaked's (rebaked.conf(5)), one "
        "with\n"
        "\"policy\" and without \"pipeline\" as a policy. The policy file that a pipeline names "
        "is\n"
        "checked with it.\n"
        "\n"
        "--json  prints {\"files\": [{\"file\", \"pipeline\", \"policy\", \"settings\", "
        "\"diagnostics\": "
        "[{\"line\",\n"
        "        \"column\", \"message\", \"hint\"}], \"dropped\"}]} to standard output instead.\n"
        "        \"pipeline\", \"policy\" or \"settings\" is its name; all are null where the file "
        "has\n"
        "        errors, \"line\" is 0 where the file could not be read, and \"dropped\" counts "
        "what\n"
        "        was found beyond the limit.\n",
    .run = run_lint,
};
