/* SPDX-License-Identifier: Apache-2.0 */
/* What people have said to Rebake: pinning a source, taking that back, and the list of all that is
   in force. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "table.h"
#include "view.h"

static int run_pin(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"why", "for", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 2)
        return rb_command_usage(command, "name a source or an image's input, and a version of it");
    if (rb_text_is_empty(asked.why))
        return rb_command_usage(command, "say why with --why: others will want to know");
    RB_CLEANUP_FREE char *done = rb_asprintf("pinned %s to %s", argv[0], argv[1]);
    json_t *body = rb_json_object();
    rb_json_set_string(body, "source", argv[0]);
    rb_json_set_string(body, "version", argv[1]);
    rb_json_set_string(body, "why", asked.why);
    if (asked.for_ms > 0)
        rb_json_set_integer(body, "forMs", asked.for_ms);
    return rb_client_order(command, &asked, "/v1/pin", body, done);
}

static int run_unpin(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name what is pinned");
    RB_CLEANUP_FREE char *done = rb_asprintf("unpinned %s", argv[0]);
    json_t *body = rb_json_object();
    rb_json_set_string(body, "source", argv[0]);
    return rb_client_order(command, &asked, "/v1/unpin", body, done);
}

/* What else there is to say of one: the version that it is pinned to. */
static char *subject_of(const json_t *word)
{
    char version[RB_VIEW_TEXT_SIZE];
    const char *subject = rb_json_get_string(word, "subject", "?");
    const char *pinned = rb_json_get_string(word, "version", NULL);
    if (pinned == NULL)
        return rb_strdup(subject);
    if (rb_text_starts_with(subject, "source:"))
        subject = rb_json_get_string(word, "source", subject);
    return rb_asprintf("%s at %s", subject, rb_view_version(pinned, version));
}

static void add_words(struct rb_table *table, const json_t *answer, const char *member,
                      const char *word, int64_t now_at)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(answer, member), i, item)
    {
        char since[RB_VIEW_TEXT_SIZE], until[RB_VIEW_TEXT_SIZE];
        RB_CLEANUP_FREE char *subject = subject_of(item);
        bool ends = rb_json_get_string(item, "until", NULL) != NULL;
        rb_table_add(table, "", rb_json_get_bool(item, "force", false) ? "forced" : word);
        rb_table_add(table, "", subject);
        rb_table_add(table, "", rb_json_get_string(item, "who", NULL));
        rb_table_add(table, "", rb_view_when(item, "at", now_at, since));
        rb_table_add(table, "", ends ? rb_view_when(item, "until", now_at, until) : "-");
        rb_table_add(table, "", rb_json_get_string(item, "why", NULL));
    }
}

static void print_words(const json_t *answer)
{
    static const struct rb_table_column columns[] = {{"WORD", 0, 0},  {"SUBJECT", 0, 0},
                                                     {"WHO", 0, 0},   {"SINCE", 0, 0},
                                                     {"UNTIL", 0, 0}, {"WHY", 0, 20}};
    static const struct {
        const char *member, *word;
    } KINDS[] = {
        {"pauses", "pause"}, {"pins", "pin"}, {"approvals", "approval"}, {"requests", "request"}};
    int64_t now_at = rb_clock_now(&rb_clock_system);
    size_t count = 0;
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < RB_COUNT_OF(KINDS); i++) {
        add_words(table, answer, KINDS[i].member, KINDS[i].word, now_at);
        count += json_array_size(json_object_get(answer, KINDS[i].member));
    }
    if (count == 0)
        puts("nobody has said anything that is in force");
    else
        rb_table_print(table, stdout);
}

static int run_words(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 0)
        return rb_command_usage(command, "words takes no argument");
    return rb_client_show(command, &asked, "/v1/words", print_words);
}

const struct rb_command rb_command_pin = {
    .name = "pin",
    .arguments = "SOURCE|PIPELINE/SOURCE|IMAGE/INPUT VERSION --why TEXT [--for SPAN]",
    .summary = "Keep a source at one version, whatever is newer",
    .help =
        "For all images, those of a pipeline, or one. Checks go on; newer versions are\n"
        "recorded, and seen once the pin is over. VERSION is one that was recorded, by its\n"
        "number, its value or how that begins, or \"present\".\n\n"
        "  --why TEXT     shown wherever the pin is\n"
        "  --for SPAN     it ends by itself after that (2h, 3d), a year at most\n" RB_CLIENT_HELP,
    .run = run_pin,
};

const struct rb_command rb_command_unpin = {
    .name = "unpin",
    .arguments = "SOURCE|PIPELINE/SOURCE|IMAGE/INPUT",
    .summary = "End a pin: the newest version counts again",
    .help = RB_CLIENT_HELP,
    .run = run_unpin,
};

const struct rb_command rb_command_words = {
    .name = "words",
    .arguments = "[--json]",
    .summary = "Show what people have said that is in force: pauses, pins, approvals, requests",
    .help = RB_CLIENT_HELP,
    .run = run_words,
};
