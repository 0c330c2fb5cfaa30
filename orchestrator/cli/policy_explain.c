/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake policy explain`: what was decided, by which rules, on what input. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "view.h"

static void print_text(const json_t *object, const char *member, const char *shown)
{
    char text[RB_ERR_TEXT_SIZE];
    const char *value = rb_json_get_string(object, member, NULL);
    if (value != NULL)
        printf("%-12s%s\n", shown, rb_text_printable(value, text, sizeof(text)));
}

static void print_names(const json_t *names, const char *shown)
{
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        char text[RB_ERR_TEXT_SIZE];
        printf("%s%s", i == 0 ? shown : ", ",
               rb_text_printable(json_is_string(name) ? json_string_value(name) : "?", text,
                                 sizeof(text)));
    }
    if (json_array_size(names) > 0)
        puts("");
}

static void print_approvals(const json_t *result, const json_t *input)
{
    const json_t *approvals = json_object_get(result, "approvals"), *approval;
    size_t i;
    if (json_is_object(approvals))
        printf("approvals   %lld of %lld\n", (long long)rb_json_get_integer(approvals, "given", 0),
               (long long)rb_json_get_integer(approvals, "wanted", 0));
    json_array_foreach(json_object_get(input, "approvals"), i, approval)
    {
        char who[RB_ERR_TEXT_SIZE], why[RB_ERR_TEXT_SIZE];
        printf("approved    by %s: %s\n",
               rb_text_printable(rb_json_get_string(approval, "who", "?"), who, sizeof(who)),
               rb_text_printable(rb_json_get_string(approval, "why", ""), why, sizeof(why)));
    }
}

static void print_document(const json_t *json, const char *title)
{
    if (!json_is_object(json))
        return;
    RB_CLEANUP_FREE char *text = rb_json_pretty(json);
    printf("\n%s\n%s\n", title, text);
}

static void print_explanation(const json_t *decision)
{
    char when[RB_VIEW_TEXT_SIZE];
    const struct rb_style style = rb_style_for(stdout);
    const json_t *result = json_object_get(decision, "result");
    const json_t *input = json_object_get(decision, "input");
    printf("decision %lld about %s of %s%s%s: %s\n",
           (long long)rb_json_get_integer(decision, "id", 0),
           rb_json_get_string(decision, "about", "?"), style.name,
           rb_json_get_string(decision, "name", "?"), style.reset,
           rb_json_get_string(decision, "word", "?"));
    print_text(decision, "error", "no answer");
    print_text(decision, "rule", "rule");
    print_text(decision, "reason", "reason");
    print_text(decision, "until", "until");
    print_names(json_object_get(result, "rules"), "matched     ");
    print_names(json_object_get(result, "waivers"), "waived      ");
    print_approvals(result, input);
    printf("asked       %s, took %.1f ms\n",
           rb_view_when(decision, "askedAt", rb_clock_now(&rb_clock_system), when),
           (double)rb_json_get_integer(decision, "tookUs", 0) / 1000.0);
    print_document(result, "The answer:");
    print_document(input, "What was judged:");
}

static int run_explain(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name a decision, an image or a deployment");
    RB_CLEANUP_FREE char *encoded = rb_client_encode(argv[0]);
    RB_CLEANUP_FREE char *path = rb_asprintf("/v1/decisions/%s", encoded);
    return rb_client_show(command, &asked, path, print_explanation);
}

const struct rb_command rb_command_policy_explain = {
    .name = "policy explain",
    .arguments = "DECISION|IMAGE|DEPLOYMENT [--json]",
    .summary = "Tell what policy decided, by which rules, and what it was shown",
    .help = "Of an image or a deployment: its newest decision. `rebake why` names the others.\n\n"
            "The input that is shown can be judged again: rebake policy eval.\n\n" RB_CLIENT_HELP,
    .run = run_explain,
};
