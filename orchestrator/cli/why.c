/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake why`: the chain from the upstream version to what it set off, newest first. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_view.h"
#include "view.h"

enum { DEEPEST_CHAIN = 32, INDENT = 4 };

struct story {
    const json_t *chain;
    struct rb_style style;
    int64_t now_at;
};

static const json_t *link_of(const json_t *chain, int64_t build_id)
{
    size_t i;
    const json_t *link;
    json_array_foreach(chain, i, link)
    {
        if (rb_json_get_integer(json_object_get(link, "build"), "id", 0) == build_id)
            return link;
    }
    return NULL;
}

static void print_version(const struct story *story, const json_t *version, int indent)
{
    char seen[RB_VIEW_TEXT_SIZE], shown[RB_ERR_TEXT_SIZE];
    const char *made = rb_json_get_string(version, "upstreamAt", NULL);
    printf("%*s%sfrom %s (%s), seen %s%s%s%s\n", indent, "", story->style.dim,
           rb_json_get_string(version, "source", "?"),
           rb_text_printable(rb_json_get_string(version, "description", ""), shown, sizeof(shown)),
           rb_view_when(version, "seenAt", story->now_at, seen), made == NULL ? "" : ", made ",
           made == NULL ? "" : made, story->style.reset);
}

/* Reasons that one version brought stand together: it is told once, behind the last of them. */
static bool same_version(const json_t *a, const json_t *b)
{
    return b != NULL && json_equal(json_object_get(a, "version"), json_object_get(b, "version"));
}

static void print_rollouts(const struct story *story, const json_t *rollouts, int indent)
{
    size_t i;
    const json_t *rollout;
    json_array_foreach(rollouts, i, rollout)
    {
        char when[RB_VIEW_TEXT_SIZE];
        const char *state = rb_json_get_string(rollout, "state", "?");
        const char *error = rb_json_get_string(rollout, "error", NULL);
        printf("%*s%s to %s%s%s %s%s%s, %s%s%s\n", indent, "",
               rb_json_get_string(rollout, "kind", "deploy"), story->style.name,
               rb_json_get_string(rollout, "deployment", "?"), story->style.reset,
               rb_view_style(&story->style, state), state, story->style.reset,
               rb_view_when(rollout, "finishedAt", story->now_at, when), error == NULL ? "" : ": ",
               error == NULL ? "" : error);
    }
}

static void print_build(const struct story *story, const json_t *build, int indent)
{
    char span[RB_TIME_TEXT_SIZE], when[RB_VIEW_TEXT_SIZE], digest[RB_VIEW_TEXT_SIZE];
    const char *state = rb_json_get_string(build, "state", "?");
    const char *error = rb_json_get_string(build, "error", NULL);
    const char *made = rb_json_get_string(json_object_get(build, "artifact"), "digest", NULL);
    printf("%*sbuild %lld of %s%s%s %s%s%s", indent, "",
           (long long)rb_json_get_integer(build, "id", 0), story->style.name,
           rb_json_get_string(build, "image", "?"), story->style.reset,
           rb_view_style(&story->style, state), state, story->style.reset);
    if (rb_json_get_string(build, "startedAt", NULL) != NULL)
        printf(" in %s, %s", rb_span_format(rb_json_get_integer(build, "elapsedMs", 0), span),
               rb_view_when(build, "startedAt", story->now_at, when));
    if (made != NULL)
        printf(", made %s", rb_view_version(made, digest));
    puts("");
    if (error != NULL)
        printf("%*s%s%s%s: %s\n", indent + INDENT, "", story->style.bad,
               rb_json_get_string(build, "errorClass", "error"), story->style.reset, error);
}

/* Who has approved it is in the reason, or is what makes another rule decide. */
static void print_decision(const struct story *story, const json_t *decision, int indent)
{
    char when[RB_VIEW_TEXT_SIZE], text[RB_ERR_TEXT_SIZE];
    if (!json_is_object(decision))
        return;
    const char *error = rb_json_get_string(decision, "error", NULL);
    const char *rule = rb_json_get_string(decision, "rule", NULL);
    const char *reason = rb_json_get_string(decision, "reason", NULL);
    printf("%*sdecision %lld: %s", indent, "", (long long)rb_json_get_integer(decision, "id", 0),
           rb_json_get_string(decision, "word", "?"));
    if (error != NULL)
        printf(", for there is no answer: %s", rb_text_printable(error, text, sizeof(text)));
    if (rule != NULL)
        printf(" by rule %s%s%s", story->style.name, rb_text_printable(rule, text, sizeof(text)),
               story->style.reset);
    if (reason != NULL)
        printf(": %s", rb_text_printable(reason, text, sizeof(text)));
    printf(", %s\n", rb_view_when(decision, "askedAt", story->now_at, when));
}

static void print_link(const struct story *story, const json_t *link, int depth)
{
    int indent = depth * INDENT;
    const json_t *reasons = json_object_get(link, "reasons");
    print_build(story, json_object_get(link, "build"), indent);
    print_decision(story, json_object_get(link, "decision"), indent + INDENT);
    print_rollouts(story, json_object_get(link, "rollouts"), indent + INDENT);
    size_t i;
    const json_t *reason;
    json_array_foreach(reasons, i, reason)
    {
        RB_CLEANUP_FREE char *words = rb_view_reason(reason);
        const json_t *version = json_object_get(reason, "version");
        int64_t base_build = rb_json_get_integer(reason, "build", 0);
        printf("%*sbecause %s%s\n", indent + INDENT, "", words,
               rb_json_get_bool(reason, "remains", false) ? " (still so after the build)" : "");
        if (json_is_object(version) && !same_version(reason, json_array_get(reasons, i + 1)))
            print_version(story, version, indent + 2 * INDENT);
        const json_t *base = base_build == 0 ? NULL : link_of(story->chain, base_build);
        if (base != NULL && depth < DEEPEST_CHAIN)
            print_link(story, base, depth + 2);
    }
}

static void print_subject(const struct story *story, const json_t *object)
{
    char when[RB_VIEW_TEXT_SIZE];
    const char *state = rb_json_get_string(object, "state", "?");
    const char *cause = rb_json_get_string(object, "cause", "");
    printf("%s%s%s is %s%s%s%s%s, %s\n", story->style.name, rb_json_get_string(object, "name", "?"),
           story->style.reset, rb_view_style(&story->style, state), state, story->style.reset,
           *cause == '\0' ? "" : ": ", cause, rb_view_when(object, "since", story->now_at, when));
    const char *held = rb_json_get_string(object, "held", NULL);
    if (held != NULL)
        printf("what is to be deployed is %s%s%s: %s\n", rb_view_style(&story->style, held), held,
               story->style.reset, rb_json_get_string(object, "heldCause", ""));
    const char *waits_for = rb_json_get_string(object, "waitsFor", NULL);
    if (waits_for != NULL)
        printf("waits for %s\n", waits_for);
    size_t i;
    const json_t *reason;
    json_array_foreach(json_object_get(object, "reasons"), i, reason)
    {
        RB_CLEANUP_FREE char *words = rb_view_reason(reason);
        printf("%*sstale because %s\n", INDENT, "", words);
    }
}

/* What of upstream cannot be seen now: a fix may be there already. */
static void print_blind(const struct story *story, const json_t *sources)
{
    size_t i;
    const json_t *source;
    json_array_foreach(sources, i, source)
    {
        char good[RB_VIEW_TEXT_SIZE], shown[RB_ERR_TEXT_SIZE];
        const char *word = rb_source_word(source);
        const char *error = rb_json_get_string(source, "error", NULL);
        RB_CLEANUP_FREE char *names = rb_source_names(source);
        printf("source %s%s%s is %s%s%s, last seen well %s%s%s\n", story->style.name, names,
               story->style.reset, rb_view_style(&story->style, word), word, story->style.reset,
               rb_view_when(source, "lastGoodAt", story->now_at, good), error == NULL ? "" : ": ",
               error == NULL ? "" : rb_text_printable(error, shown, sizeof(shown)));
    }
}

static void print_deadlines(const struct story *story, const json_t *deadlines)
{
    size_t i;
    const json_t *item;
    char when[RB_VIEW_TEXT_SIZE];
    json_array_foreach(deadlines, i, item)
    {
        bool breached = rb_json_get_bool(item, "breached", false);
        printf("%*sexposed to %s%s%s, %s, %s %s\n", INDENT, "",
               breached ? story->style.bad : story->style.warn,
               rb_json_get_string(item, "advisory", "?"), story->style.reset,
               rb_json_get_string(item, "severity", "?"), breached ? "breached" : "due",
               rb_view_when(item, "deadline", story->now_at, when));
    }
}

static void print_story(const json_t *answer)
{
    struct story story = {.chain = json_object_get(answer, "chain"),
                          .style = rb_style_for(stdout),
                          .now_at = rb_clock_now(&rb_clock_system)};
    const char *kind = rb_json_get_string(answer, "kind", "image");
    if (strcmp(kind, "build") != 0)
        print_subject(&story, json_object_get(answer, kind));
    if (strcmp(kind, "build") != 0)
        print_decision(&story, json_object_get(answer, "decision"), INDENT);
    if (strcmp(kind, "image") == 0)
        print_deadlines(&story, json_object_get(answer, "deadlines"));
    print_blind(&story, json_object_get(answer, "sources"));
    rb_pins_print(json_object_get(answer, "pins"), &story.style, story.now_at);
    const json_t *first = json_array_get(story.chain, 0);
    if (first != NULL)
        print_link(&story, first, 0);
    else
        puts("It has not been built yet.");
}

/* 17 is build:17: no image has a number for its name. */
static char *subject_of(const char *argument)
{
    uint64_t number;
    return rb_text_to_u64(argument, &number) ? rb_asprintf("build:%s", argument)
                                             : rb_strdup(argument);
}

static int run_why(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name an image, a deployment or a build");
    RB_CLEANUP_FREE char *subject = subject_of(argv[0]);
    RB_CLEANUP_FREE char *encoded = rb_client_encode(subject);
    RB_CLEANUP_FREE char *path = rb_asprintf("/v1/why/%s", encoded);
    return rb_client_show(command, &asked, path, print_story);
}

const struct rb_command rb_command_why = {
    .name = "why",
    .arguments = "IMAGE|DEPLOYMENT|BUILD [--json]",
    .summary = "Tell why it is as it is: the chain from upstream to what runs",
    .help = "A build is written build:17, or 17.\n\n" RB_CLIENT_HELP,
    .run = run_why,
};
