/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake fetch`: the content of one version of a source, as files. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "index_cache.h"
#include "patience.h"
#include "pipeline_file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/daemon/paths.h"
#include "rebake/net/session.h"
#include "rebake/watch/fetch.h"
#include "style.h"

struct arguments {
    const char *file;
    const char *source;
    const char *folder;
    const char *version; /* NULL: what a check finds */
    const char *cache;   /* NULL: the user's */
    bool json;
};

/* What a check has found. */
struct finding {
    bool is_over;
    int status;
    struct rb_err *err;
    char *version;
    json_t *detail;
};

static void finding_deinit(struct finding *finding)
{
    rb_free(finding->version);
    json_decref(finding->detail);
}

static int parse_arguments(const struct rb_command *command, int argc, char **argv,
                           struct arguments *arguments)
{
    static const struct option options[] = {{"version", required_argument, NULL, 'v'},
                                            {"cache", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'v')
            arguments->version = optarg;
        else if (option == 'c')
            arguments->cache = optarg;
        else if (option == 'j')
            arguments->json = true;
        else
            return rb_command_usage(command, NULL);
    }
    if (argc - optind != 3)
        return rb_command_usage(command, "name a pipeline file, one of its sources and a folder");
    arguments->file = argv[optind];
    arguments->source = argv[optind + 1];
    arguments->folder = argv[optind + 2];
    if (arguments->folder[0] == '\0')
        return rb_command_usage(command, "the name of the folder is empty");
    return RB_EXIT_OK;
}

static int find_source(const struct rb_pipeline *pipeline, const char *name,
                       const struct rb_source **ret_source, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist names = {0};
    char shown[64];
    *ret_source = rb_pipeline_source(pipeline, name);
    if (*ret_source != NULL)
        return 0;
    for (size_t i = 0; i < pipeline->source_count; i++)
        rb_strlist_add(&names, pipeline->sources[i].name);
    const char *nearest =
        names.count == 0 ? NULL : rb_text_nearest(name, (const char *const *)names.items);
    return rb_err_set(err, RB_ENOTFOUND, "the pipeline %s has no source \"%s\"%s%s%s",
                      pipeline->name, rb_text_printable(name, shown, sizeof(shown)),
                      nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                      nearest != NULL ? "\"?)" : "");
}

static void checked(void *context, const struct rb_check_outcome *outcome)
{
    struct finding *finding = context;
    finding->is_over = true;
    if (outcome->error != NULL) {
        finding->status = rb_err_copy(finding->err, outcome->error);
        return;
    }
    finding->version = rb_strdup(outcome->result->version);
    finding->detail = json_incref(outcome->result->detail);
}

static int check(const struct rb_watch_tools *tools, const struct rb_source *source,
                 struct finding *finding)
{
    static const char *const no_paths[] = {NULL};
    const struct rb_check_request request = {.source = source, .paths = no_paths};
    rb_check_start(tools, &request, checked, finding);
    while (!finding->is_over)
        rb_loop_run_once(tools->loop);
    return finding->status;
}

static void print_json(const struct rb_source *source, const struct arguments *arguments,
                       const struct finding *finding, const struct rb_fetch_result *fetched)
{
    RB_CLEANUP_JSON json_t *document = rb_json_object();
    RB_CLEANUP_FREE char *description = rb_source_describe(source);
    rb_json_set_string(document, "source", source->name);
    rb_json_set_string(document, "kind", rb_source_kind_name(source->kind));
    rb_json_set_string(document, "description", description);
    rb_json_set_string(document, "version", finding->version);
    rb_json_set(document, "detail",
                finding->detail != NULL ? json_incref(finding->detail) : json_null());
    rb_json_set_string(document, "folder", arguments->folder);
    rb_json_set_integer(document, "files", (int64_t)fetched->files);
    rb_json_set_integer(document, "sizeBytes", fetched->size_bytes);
    RB_CLEANUP_FREE char *text = rb_json_pretty(document);
    puts(text);
}

static void print_text(const struct rb_source *source, const struct arguments *arguments,
                       const struct finding *finding, const struct rb_fetch_result *fetched)
{
    struct rb_style style = rb_style_for(stdout);
    RB_CLEANUP_FREE char *description = rb_source_describe(source);
    printf("%s%s%s %s %s\n", style.name, source->name, style.reset,
           rb_source_kind_name(source->kind), description);
    printf("version %s\n", finding->version);
    printf("%zu file%s, %lld bytes in %s\n", fetched->files, fetched->files == 1 ? "" : "s",
           (long long)fetched->size_bytes, arguments->folder);
}

static int fetch(const struct rb_watch_tools *tools, const struct rb_source *source,
                 const struct arguments *arguments, struct rb_err *err)
{
    RB_CLEANUP(finding_deinit) struct finding finding = {.err = err};
    struct rb_fetch_result fetched;
    if (arguments->version != NULL)
        finding.version = rb_strdup(arguments->version);
    int status = arguments->version != NULL ? 0 : check(tools, source, &finding);
    if (status != 0)
        return status;
    const struct rb_fetch_request request = {.source = source,
                                             .version = finding.version,
                                             .detail = finding.detail,
                                             .folder = arguments->folder};
    status = rb_source_fetch(tools, &request, &fetched, err);
    if (status != 0)
        return status;
    if (arguments->json)
        print_json(source, arguments, &finding, &fetched);
    else
        print_text(source, arguments, &finding, &fetched);
    return 0;
}

/* In a process of its own, as the verbs are, so that it may block. */
static int fetch_with_tools(const struct rb_source *source, const struct arguments *arguments,
                            struct rb_err *err)
{
    RB_CLEANUP_FREE char *program = NULL;
    RB_CLEANUP_FREE char *cache =
        arguments->cache != NULL ? rb_strdup(arguments->cache) : rb_cli_cache_folder("sources");
    if (cache == NULL)
        return rb_err_set(err, RB_EIO, "there is no place for a cache: name a folder by --cache");
    int status = rb_program_path(&program, err);
    if (status != 0)
        return status;
    RB_CLEANUP(rb_net_session_deinit) struct rb_net_session session;
    rb_net_session_init(&session);
    rb_cli_be_patient(session.http);
    const struct rb_watch_tools tools = {.loop = session.loop,
                                         .http = session.http,
                                         .registry = session.registry,
                                         .clock = &rb_clock_system,
                                         .program = program,
                                         .cache_folder = cache};
    return fetch(&tools, source, arguments, err);
}

static int run_fetch(const struct rb_command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    const struct rb_source *source = NULL;
    struct rb_err err;
    int code = parse_arguments(command, argc, argv, &arguments);
    if (code == RB_EXIT_OK)
        code = rb_pipeline_file_read(command, arguments.file, &pipeline);
    if (code != RB_EXIT_OK)
        return code;
    int status = find_source(pipeline, arguments.source, &source, &err);
    if (status == 0)
        status = fetch_with_tools(source, &arguments, &err);
    return status == 0 ? RB_EXIT_OK : rb_command_fail(command, &err);
}

const struct rb_command rb_command_fetch = {
    .name = "fetch",
    .arguments = "FILE SOURCE FOLDER [--version VERSION] [--cache FOLDER] [--json]",
    .summary = "Put the content of one version of a source into a folder",
    .help =
        "The source of the pipeline FILE is checked now, and what the check has found is fetched;\n"
        "with --version that version, never another one: what comes is compared with the hash\n"
        "that the version is. FOLDER must be absent or empty, and is whole or not there at all.\n"
        "\n"
        "  git       the tree of the commit\n"
        "  image     an OCI layout of the manifest, with its blobs\n"
        "  apt       the Release file with its signature, and the Packages files of the source\n"
        "  rpm       repodata/ with repomd.xml, its signature, primary and updateinfo\n"
        "  apk       ARCHITECTURE/APKINDEX.tar.gz\n"
        "  others    the file\n"
        "\n"
        "  --version VERSION  as `rebake sources --json` and an earlier fetch tell it\n"
        "  --cache FOLDER     where checks keep what they have seen, so that it can be had after\n"
        "                     upstream has moved on; a daemon's is STATE/cache (default:\n"
        "                     ${XDG_CACHE_HOME:-~/.cache}/rebake/sources)\n"
        "  --json             prints {\"source\", \"kind\", \"description\", \"version\", "
        "\"detail\",\n"
        "                     \"folder\", \"files\", \"sizeBytes\"}\n"
        "\n"
        "Exit codes: 0 fetched, 1 refused or no longer there, 3 no answer (try again later).\n",
    .run = run_fetch,
};
