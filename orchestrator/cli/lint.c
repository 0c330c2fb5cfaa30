/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake lint`: all that is wrong with pipeline and settings files, before a daemon reads them. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "pipeline_file.h"
#include "rebake/base/memory.h"
#include "rebake/pipelines/settings.h"

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

static int lint_for_people(const struct rb_command *command, const char *path)
{
    if (rb_settings_are_in(path))
        return lint_settings_for_people(command, path);
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    int code = rb_pipeline_file_read(command, path, &pipeline);
    if (code != RB_EXIT_OK)
        return code;
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
    int status = rb_settings_are_in(path) ? rb_settings_read(path, &settings, &found, &err)
                                          : rb_pipeline_read(path, &pipeline, &found, &err);
    json_t *diagnostics = diagnostics_to_json(&found);
    if (status != 0 && found.count == 0)
        rb_json_append(diagnostics, diagnostic_to_json(0, 0, err.text, NULL));
    json_t *file = rb_json_object();
    rb_json_set_string(file, "file", path);
    rb_json_set_string(file, "pipeline", pipeline != NULL ? pipeline->name : NULL);
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
        return rb_command_usage(command, "name a pipeline file, or a settings file");
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
    .summary = "Check pipeline and settings files and print all that is wrong with them",
    .help =
        "What is wrong goes to standard error, one FILE:LINE:COLUMN: MESSAGE (HINT) a line, all\n"
        "of it in one run (100 a file at most). Exit codes: 0 every file is good, 1 one is not.\n"
        "\n"
        "A file with the key \"settings\" is taken as one of rebaked's (rebaked.conf(5)).\n"
        "\n"
        "--json  prints {\"files\": [{\"file\", \"pipeline\", \"settings\", \"diagnostics\": "
        "[{\"line\",\n"
        "        \"column\", \"message\", \"hint\"}], \"dropped\"}]} to standard output instead.\n"
        "        \"pipeline\" or \"settings\" is its name, and both are null where the file has\n"
        "        errors, \"line\" is 0 where the file could not be read, and \"dropped\" counts "
        "what\n"
        "        was found beyond the limit.\n",
    .run = run_lint,
};
