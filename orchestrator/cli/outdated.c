/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake outdated`: an image judged by its own apt configuration, and nothing else. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apt_question.h"
#include "command.h"
#include "index_cache.h"
#include "patience.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "style.h"
#include "table.h"

struct outdated {
    const struct rb_command *command;
    const char *reference;
    bool json;
    struct rb_strlist with; /* lines of sources.list(5) */

    struct rb_scan scan;
    struct rb_image_apt apt;
    struct rb_apt_answers answers;
    struct rb_arena *arena;
    struct rb_upgrade *upgrades;
    size_t upgrade_count;
};

static void show_progress(size_t done, size_t count)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%zu of %zu repositories have answered", done, count);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static int read_image(struct outdated *outdated, struct rb_net_session *session, struct rb_err *err)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "reading %s", outdated->reference);
    RB_CLEANUP_FREE char *cache = rb_cli_cache_folder("layers");
    struct rb_scan_options options = {.keep_apt = true, .cache_folder = cache};
    int status = rb_scan_reference(session, outdated->reference, &options, &outdated->scan, err);
    end_progress();
    if (status != 0)
        return status;
    if (outdated->scan.inventory.package_count == 0)
        return rb_err_set(
            err, RB_EINVALID,
            "%s has no packages of dpkg's: only Debian and what derives from it can be "
            "judged",
            outdated->reference);
    return rb_image_apt_read(&outdated->scan, &outdated->apt, err);
}

static int ask(struct outdated *outdated, struct rb_net_session *session, struct rb_err *err)
{
    RB_CLEANUP_FREE char *cache = rb_cli_cache_folder("apt");
    struct rb_apt_question question = {
        .scan = &outdated->scan,
        .apt = &outdated->apt,
        .own_count = outdated->apt.source_count,
        .cache_folder = cache,
        .progress = show_progress,
    };
    for (size_t i = 0; i < outdated->with.count; i++) {
        int status = rb_image_apt_add_line(&outdated->apt, outdated->with.items[i], err);
        if (status != 0)
            return status;
    }
    if (outdated->apt.source_count == 0)
        return rb_err_set(err, RB_ENOTFOUND,
                          "%s has no apt sources, so nothing says where newer packages would come "
                          "from: name one by --with \"deb URL SUITE COMPONENT\"",
                          outdated->reference);
    int status = rb_apt_ask(session, &question, &outdated->answers, err);
    end_progress();
    return status;
}

static void judge(struct outdated *outdated)
{
    const struct rb_apt_answers *answers = &outdated->answers;
    struct rb_repository *repositories =
        rb_arena_array(outdated->arena, answers->count, sizeof(*repositories));
    size_t count = 0;
    for (size_t i = 0; i < answers->count; i++) {
        if (answers->items[i].state == RB_APT_ANSWERED)
            repositories[count++] = answers->items[i].repository;
    }
    outdated->upgrade_count =
        rb_upgrades_find(&outdated->scan.inventory, repositories, count, outdated->apt.preferences,
                         outdated->arena, &outdated->upgrades);
}

/* Where a version comes from: the suite as the sources name it. A pin may make a candidate of what
   only the image has, but that is never newer. */
static const char *suite_of(const struct rb_upgrade *upgrade)
{
    return upgrade->repository == NULL ? NULL : upgrade->repository->name;
}

static bool is_foreign(const struct outdated *outdated, const struct rb_package *package)
{
    return !rb_text_equal(package->architecture, "all") &&
           !rb_text_equal(package->architecture, outdated->scan.inventory.architecture);
}

static bool any_is(const struct rb_apt_answers *answers, enum rb_apt_answer_state state)
{
    for (size_t i = 0; i < answers->count; i++) {
        if (answers->items[i].state == state)
            return true;
    }
    return false;
}

static void print_verdict(const struct outdated *outdated, const struct rb_style *style)
{
    const struct rb_inventory *inventory = &outdated->scan.inventory;
    size_t outdated_count = outdated->upgrade_count, count = inventory->package_count;
    if (outdated_count == 0 && any_is(&outdated->answers, RB_APT_FAILED))
        printf("%snone of %zu packages is outdated by what has answered%s", style->warn, count,
               style->reset);
    else if (outdated_count == 0)
        printf("%sall %zu packages are up to date%s", style->good, count, style->reset);
    else
        printf("%s%zu of %zu packages %s outdated%s", style->bold, outdated_count, count,
               outdated_count == 1 ? "is" : "are", style->reset);
    char name[128];
    if (*inventory->pretty_name != '\0')
        printf(": %s", rb_text_printable(inventory->pretty_name, name, sizeof(name)));
    putchar('\n');
}

static void print_table(const struct outdated *outdated)
{
    static const struct rb_table_column columns[] = {
        {.title = "PACKAGE", .minimum = 12},
        {.title = "INSTALLED", .minimum = 12},
        {.title = "AVAILABLE", .minimum = 12},
        {.title = "SUITE", .minimum = 10},
    };
    struct rb_style style = rb_style_for(stdout);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < outdated->upgrade_count; i++) {
        const struct rb_upgrade *upgrade = &outdated->upgrades[i];
        const struct rb_package *package = upgrade->package;
        rb_table_addf(table, style.name, "%s%s%s%s", package->name,
                      is_foreign(outdated, package) ? ":" : "",
                      is_foreign(outdated, package) ? package->architecture : "",
                      package->held ? " (held)" : "");
        rb_table_add(table, "", package->version);
        rb_table_add(table, style.warn, upgrade->available);
        rb_table_add(table, style.dim, suite_of(upgrade));
    }
    if (outdated->upgrade_count > 0)
        rb_table_print(table, stdout);
    print_verdict(outdated, &style);
}

static json_t *package_to_json(const struct outdated *outdated, const struct rb_upgrade *upgrade)
{
    const struct rb_package *package = upgrade->package;
    const struct rb_repository *repository = upgrade->repository;
    RB_CLEANUP_FREE char *purl = rb_package_purl(&outdated->scan.inventory, package);
    json_t *item = rb_json_object();
    rb_json_set_string(item, "name", package->name);
    rb_json_set_string(item, "installed", package->version);
    rb_json_set_string(item, "available", upgrade->available);
    rb_json_set_string(item, "suite", suite_of(upgrade));
    rb_json_set_string(item, "codename", repository == NULL ? NULL : repository->codename);
    rb_json_set_string(item, "origin", repository == NULL ? NULL : repository->origin);
    rb_json_set_string(item, "architecture", package->architecture);
    rb_json_set_string(item, "source", package->source_name);
    rb_json_set_bool(item, "held", package->held);
    rb_json_set_string(item, "purl", purl);
    return item;
}

static json_t *answer_to_json(const struct rb_apt_answer *answer)
{
    static const char *const states[] = {
        [RB_APT_ANSWERED] = "answered", [RB_APT_SKIPPED] = "skipped", [RB_APT_FAILED] = "failed"};
    json_t *item = rb_json_object();
    json_t *components = rb_json_array();
    for (const char *const *at = answer->components; *at != NULL; at++)
        rb_json_append_string(components, *at);
    rb_json_set_string(item, "url", answer->source->url);
    rb_json_set_string(item, "suite", answer->source->suite);
    rb_json_set(item, "components", components);
    rb_json_set_string(item, "architecture", answer->architecture);
    rb_json_set_string(item, "state", states[answer->state]);
    rb_json_set_time(item, "date", answer->date_at);
    rb_json_set_string(item, "error", answer->state == RB_APT_ANSWERED ? NULL : answer->err.text);
    return item;
}

static void print_json(const struct outdated *outdated)
{
    const struct rb_scan *scan = &outdated->scan;
    json_t *packages = rb_json_array(), *sources = rb_json_array();
    for (size_t i = 0; i < outdated->upgrade_count; i++)
        rb_json_append(packages, package_to_json(outdated, &outdated->upgrades[i]));
    for (size_t i = 0; i < outdated->answers.count; i++)
        rb_json_append(sources, answer_to_json(&outdated->answers.items[i]));
    RB_CLEANUP_JSON json_t *document = rb_json_object();
    rb_json_set_string(document, "image", scan->reference);
    rb_json_set_string(document, "digest", *scan->digest == '\0' ? NULL : scan->digest);
    rb_json_set_string(document, "distribution", scan->inventory.pretty_name);
    rb_json_set_string(document, "architecture", scan->inventory.architecture);
    rb_json_set_integer(document, "packageCount", (int64_t)scan->inventory.package_count);
    rb_json_set(document, "packages", packages);
    rb_json_set(document, "sources", sources);
    rb_json_set_bool(document, "complete",
                     !any_is(&outdated->answers, RB_APT_FAILED) &&
                         !any_is(&outdated->answers, RB_APT_SKIPPED));
    RB_CLEANUP_FREE char *text = rb_json_pretty(document);
    puts(text);
}

/* A release of Debian gets most of its fixes from a suite of their own: without it "up to date"
   says little. */
static void hint_at_security(const struct outdated *outdated, const struct rb_style *style)
{
    const struct rb_inventory *inventory = &outdated->scan.inventory;
    if (!rb_text_equal(inventory->distribution, "debian") ||
        *inventory->distribution_version == '\0' || *inventory->codename == '\0')
        return;
    for (size_t i = 0; i < outdated->apt.source_count; i++) {
        const char *suite = outdated->apt.sources[i].suite;
        if (strstr(suite, "security") != NULL || rb_text_ends_with(suite, "/updates"))
            return;
    }
    char codename[64];
    fprintf(stderr,
            "%snote:%s none of its sources is a security suite; to ask one: --with \"deb "
            "[signed-by=KEYRING] URL %s-security main\"\n",
            style->warn, style->reset,
            rb_text_printable(inventory->codename, codename, sizeof(codename)));
}

/* Tells of what was left out and of what failed; returns the exit code for it, or 0. */
static int tell_of_sources(const struct outdated *outdated)
{
    const char *const *warnings = rb_preferences_warnings(outdated->apt.preferences);
    struct rb_style style = rb_style_for(stderr);
    int code = RB_EXIT_OK;
    for (; *warnings != NULL; warnings++)
        fprintf(stderr, "%snote:%s preferences, %s\n", style.warn, style.reset, *warnings);
    for (size_t i = 0; i < outdated->answers.count; i++) {
        const struct rb_apt_answer *answer = &outdated->answers.items[i];
        if (answer->state == RB_APT_FAILED)
            code = rb_command_fail(outdated->command, &answer->err);
        if (answer->state == RB_APT_SKIPPED)
            fprintf(stderr, "%snote:%s %s %s was left out: %s\n", style.warn, style.reset,
                    answer->source->url, answer->source->suite, answer->err.text);
    }
    if (code != RB_EXIT_OK && any_is(&outdated->answers, RB_APT_ANSWERED))
        fputs("Not all repositories have answered: more may be outdated.\n", stderr);
    hint_at_security(outdated, &style);
    return code;
}

static int conclude(const struct outdated *outdated)
{
    bool any = any_is(&outdated->answers, RB_APT_ANSWERED);
    if (outdated->json)
        print_json(outdated);
    else if (any)
        print_table(outdated);
    (void)fflush(stdout);
    int code = tell_of_sources(outdated);
    if (code != RB_EXIT_OK)
        return code;
    if (!any) {
        struct rb_err err;
        (void)rb_err_set(&err, RB_EINVALID, "%s: none of its apt sources can be asked from here",
                         outdated->reference);
        return rb_command_fail(outdated->command, &err);
    }
    return outdated->upgrade_count > 0 ? RB_EXIT_OUTDATED : RB_EXIT_OK;
}

static int carry_out(struct outdated *outdated)
{
    struct rb_err err;
    RB_CLEANUP(rb_net_session_deinit) struct rb_net_session session;
    rb_net_session_init(&session);
    rb_cli_be_patient(session.http);
    int status = read_image(outdated, &session, &err);
    if (status == 0)
        status = ask(outdated, &session, &err);
    if (status != 0)
        return rb_command_fail(outdated->command, &err);
    judge(outdated);
    return conclude(outdated);
}

/* 0, or the exit code for a wrong command line. */
static int read_options(struct outdated *outdated, int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {"with", required_argument, NULL, 'w'},
        {0},
    };
    const struct rb_command *command = outdated->command;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'f':
            if (!rb_text_equal(optarg, "json") && !rb_text_equal(optarg, "table"))
                return rb_command_usage(command, "--format is table or json");
            outdated->json = rb_text_equal(optarg, "json");
            break;
        case 'j':
            outdated->json = true;
            break;
        case 'w':
            rb_strlist_add(&outdated->with, optarg);
            break;
        default:
            return rb_command_usage(command, NULL);
        }
    }
    if (argc - optind != 1)
        return rb_command_usage(command, "name one image");
    outdated->reference = argv[optind];
    return RB_EXIT_OK;
}

static int run_outdated(const struct rb_command *command, int argc, char **argv)
{
    struct outdated outdated = {.command = command, .arena = rb_arena_new()};
    int code = read_options(&outdated, argc, argv);
    if (code == RB_EXIT_OK)
        code = carry_out(&outdated);
    rb_apt_answers_deinit(&outdated.answers);
    rb_image_apt_deinit(&outdated.apt);
    rb_scan_deinit(&outdated.scan);
    rb_strlist_deinit(&outdated.with);
    rb_arena_free(outdated.arena);
    return code;
}

const struct rb_command rb_command_outdated = {
    .name = "outdated",
    .arguments = "IMAGE [--format table|json] [--with \"deb URL SUITE COMPONENT\"]...",
    .summary = "List the packages of an image that have a newer version in its own repositories",
    .help =
        "IMAGE is registry/name[:tag][@digest], oci:FOLDER[:tag], oci-archive:FILE[:tag],\n"
        "docker-archive:FILE[:[name:]tag] or rootfs:FOLDER-OR-TAR.\n"
        "Nothing is run and nothing needs to be set up: the image's apt sources, keyrings and\n"
        "preferences are read, those repositories are asked, and the list is what\n"
        "`apt list --upgradable` would say inside the image after `apt update`.\n\n"
        "  --format table|json   how to print it; --json is short for the latter\n"
        "  --with LINE           ask one more repository, given as a line of sources.list(5);\n"
        "                        its signed-by=PATH is looked for here, then in the image\n\n"
        "Exit codes: 0 up to date, 10 outdated, 1 it failed, 3 a repository or the registry did\n"
        "not answer, 2 wrong command line. Indexes are kept under ~/.cache/rebake.\n",
    .run = run_outdated,
};
