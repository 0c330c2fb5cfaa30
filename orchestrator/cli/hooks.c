/* SPDX-License-Identifier: Apache-2.0 */
/* rebake hooks: who sends webhooks, and what becomes of them. */
#include <stdio.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "table.h"
#include "view.h"

enum { WORDS_MAXIMUM = 1024 };

static const struct rb_table_column COLUMNS[] = {{"HOOK", 0, 0},     {"PROVIDER", 0, 0},
                                                 {"ACCEPTED", 1, 0}, {"LAST", 0, 0},
                                                 {"CHECKED", 0, 12}, {"REFUSED", 0, 12}};

/* "forged 3, stale 1": what there was of each. */
static char *refused_text(const json_t *hook)
{
    struct rb_strbuf text = RB_STRBUF_INIT(WORDS_MAXIMUM);
    const char *reason;
    const json_t *count;
    json_object_foreach(json_object_get(hook, "refused"), reason, count)
    {
        if (json_integer_value(count) > 0)
            rb_strbuf_printf(&text, "%s%s %lld", text.size == 0 ? "" : ", ", reason,
                             (long long)json_integer_value(count));
    }
    return rb_strbuf_steal(&text);
}

static char *checked_text(const json_t *last)
{
    struct rb_strbuf text = RB_STRBUF_INIT(WORDS_MAXIMUM);
    size_t i;
    const json_t *name;
    if (rb_json_get_integer(last, "matched", 0) == 0)
        return rb_strdup(json_is_object(last) ? "no source of ours" : "");
    json_array_foreach(json_object_get(last, "named"), i, name)
        rb_strbuf_printf(&text, "%s%s", i == 0 ? "" : ", ", json_string_value(name));
    return rb_strbuf_steal(&text);
}

static void print_hook(struct rb_table *table, const struct rb_style *style, const json_t *hook,
                       int64_t now_at)
{
    char when[RB_VIEW_TEXT_SIZE];
    const json_t *last = json_object_get(hook, "last");
    RB_CLEANUP_FREE char *refused = refused_text(hook);
    RB_CLEANUP_FREE char *checked = checked_text(last);
    rb_table_add(table, style->name, rb_json_get_string(hook, "name", NULL));
    rb_table_add(table, "", rb_json_get_string(hook, "provider", NULL));
    rb_table_addf(table, "", "%lld", (long long)rb_json_get_integer(hook, "accepted", 0));
    rb_table_add(table, style->dim, rb_view_when(last, "at", now_at, when));
    rb_table_add(table, "", *checked != '\0' ? checked : NULL);
    rb_table_add(table, *refused != '\0' ? style->warn : "", *refused != '\0' ? refused : NULL);
}

static void print_hooks(const json_t *answer)
{
    struct rb_style style = rb_style_for(stdout);
    int64_t now_at = rb_clock_now(&rb_clock_system), unknown;
    const json_t *hooks = json_object_get(answer, "hooks"), *hook;
    const char *address = rb_json_get_string(answer, "address", NULL);
    size_t i;
    if (address == NULL) {
        puts("rebaked listens for no webhooks: its settings file says so (rebaked.conf(5))");
        return;
    }
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(COLUMNS, RB_COUNT_OF(COLUMNS));
    json_array_foreach(hooks, i, hook) print_hook(table, &style, hook, now_at);
    rb_table_print(table, stdout);
    unknown = rb_json_get_integer(answer, "unknown", 0);
    printf("listening on %s%s", address,
           json_is_true(json_object_get(answer, "tls")) ? " with TLS" : "");
    if (unknown > 0)
        printf("; %lld requests for hooks that there are not", (long long)unknown);
    puts("");
}

static int run(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = NULL;
    RB_CLEANUP_JSON json_t *answer = NULL;
    struct rb_client_options options;
    struct rb_err err;
    int count = rb_client_parse(command, argc, argv, more, &options);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count > 0)
        return rb_command_usage(command, "it takes no arguments");
    client = rb_client_new(options.socket_path);
    if (rb_client_get(client, "/v1/hooks", &answer, &err) != 0)
        return rb_command_fail(command, &err);
    if (options.json)
        rb_client_print(answer);
    else
        print_hooks(answer);
    return RB_EXIT_OK;
}

const struct rb_command rb_command_hooks = {
    .name = "hooks",
    .arguments = "",
    .summary = "show who sends webhooks, and what becomes of them",
    .help = "Counts are since the daemon started; the last delivery is from its "
            "store.\n\n" RB_CLIENT_HELP,
    .run = run};
