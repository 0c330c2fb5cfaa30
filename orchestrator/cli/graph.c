/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake graph`: what a pipeline builds on what, drawn. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "pipeline_file.h"
#include "rebake/base/memory.h"

enum { GRAPH_BYTES_MAX = 64 << 20 };

static int run_graph(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"json", no_argument, NULL, 'j'}, {0}};
    const char *format = "text";
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'f' && option != 'j')
            return rb_command_usage(command, NULL);
        format = option == 'f' ? optarg : "json";
    }
    if (argc - optind != 1)
        return rb_command_usage(command, "name one pipeline file");
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf graph = RB_STRBUF_INIT(GRAPH_BYTES_MAX);
    int code = rb_pipeline_file_read(command, argv[optind], &pipeline);
    if (code != RB_EXIT_OK)
        return code;
    struct rb_err err;
    int status = rb_pipeline_graph(pipeline, format, &graph, &err);
    if (status == RB_EINVALID)
        return rb_command_usage(command, "%s", err.text);
    if (status != 0)
        return rb_command_fail(command, &err);
    fputs(rb_strbuf_text(&graph), stdout);
    return RB_EXIT_OK;
}

const struct rb_command rb_command_graph = {
    .name = "graph",
    .arguments = "[--format text|dot|mermaid|json] FILE",
    .summary = "Draw what a pipeline builds on what",
    .help = "--format  text, a tree (default); dot, for Graphviz; mermaid, for Markdown; or json:\n"
            "          {\"pipeline\", \"nodes\": [{\"id\", \"type\", \"name\", \"detail\"}],\n"
            "          \"edges\": [{\"from\", \"to\", \"type\"}]}, where a node is of type source, "
            "image or\n"
            "          deployment, and an edge of type base, code, packages or deploys\n"
            "--json    as --format json\n",
    .run = run_graph,
};
