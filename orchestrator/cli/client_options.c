/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of the verbs that ask the daemon, read in one place. */
#include <getopt.h>
#include <string.h>

#include "client.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { LIMIT_MAXIMUM = 1000 };

/* What a verb takes beside --socket and --json. */
static bool is_taken(const char *name, const char *const *more)
{
    if (strcmp(name, "socket") == 0 || strcmp(name, "json") == 0)
        return true;
    for (; *more != NULL; more++) {
        if (strcmp(name, *more) == 0)
            return true;
    }
    return false;
}

static int take_span(const struct rb_command *command, const char *name, const char *argument,
                     int64_t *ret_ms)
{
    struct rb_err err;
    if (rb_span_parse(argument, ret_ms, &err) == 0)
        return 0;
    (void)rb_command_usage(command, "%s: %s", name, err.text);
    return -1;
}

static bool *flag_of(int option, struct rb_client_options *options)
{
    switch (option) {
    case 'J':
        return &options->json;
    case 'f':
        return &options->follow;
    case 'c':
        return &options->check;
    case 'F':
        return &options->failing;
    case 'u':
        return &options->unfixed;
    case 'x':
        return &options->kev;
    case 'D':
        return &options->diff;
    case 'X':
        return &options->force;
    default:
        return NULL;
    }
}

static const char **text_of(int option, struct rb_client_options *options)
{
    switch (option) {
    case 'S':
        return &options->socket_path;
    case 'w':
        return &options->why;
    case 'k':
        return &options->kind;
    case 'i':
        return &options->image;
    case 'o':
        return &options->format;
    default:
        return NULL;
    }
}

static int take(const struct rb_command *command, int option, const char *argument,
                struct rb_client_options *options)
{
    bool *flag = flag_of(option, options);
    const char **text = text_of(option, options);
    if (flag != NULL)
        *flag = true;
    if (text != NULL)
        *text = argument;
    if (flag != NULL || text != NULL)
        return 0;
    switch (option) {
    case 's':
        return take_span(command, "--since", argument, &options->since_ms);
    case 't':
        return take_span(command, "--timeout", argument, &options->timeout_ms);
    case 'd':
        return take_span(command, "--for", argument, &options->for_ms);
    case 'n':
        if (rb_text_to_i64(argument, &options->limit) && options->limit >= 1 &&
            options->limit <= LIMIT_MAXIMUM)
            return 0;
        (void)rb_command_usage(command, "--limit takes a number from 1 to %d", LIMIT_MAXIMUM);
        return -1;
    case 'W':
        if (options->what_if_count < RB_CLIENT_WHAT_IF_MAXIMUM) {
            options->what_if[options->what_if_count++] = argument;
            return 0;
        }
        (void)rb_command_usage(command, "--what-if is said more than %d times",
                               RB_CLIENT_WHAT_IF_MAXIMUM);
        return -1;
    default:
        (void)rb_command_usage(command, NULL);
        return -1;
    }
}

int rb_client_parse(const struct rb_command *command, int argc, char **argv,
                    const char *const *more, struct rb_client_options *ret_options)
{
    static const struct option all[] = {
        {"socket", required_argument, NULL, 'S'},  {"json", no_argument, NULL, 'J'},
        {"why", required_argument, NULL, 'w'},     {"follow", no_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'c'},         {"limit", required_argument, NULL, 'n'},
        {"timeout", required_argument, NULL, 't'}, {"failing", no_argument, NULL, 'F'},
        {"kind", required_argument, NULL, 'k'},    {"image", required_argument, NULL, 'i'},
        {"unfixed", no_argument, NULL, 'u'},       {"kev", no_argument, NULL, 'x'},
        {"since", required_argument, NULL, 's'},   {"format", required_argument, NULL, 'o'},
        {"for", required_argument, NULL, 'd'},     {"diff", no_argument, NULL, 'D'},
        {"what-if", required_argument, NULL, 'W'}, {"force", no_argument, NULL, 'X'}};
    struct option taken[RB_COUNT_OF(all) + 1] = {{0}};
    bool follow = false;
    for (size_t i = 0, count = 0; i < RB_COUNT_OF(all); i++) {
        if (is_taken(all[i].name, more))
            taken[count++] = all[i];
        follow = follow || (all[i].val == 'f' && is_taken(all[i].name, more));
    }
    *ret_options = (struct rb_client_options){0};
    int option;
    while ((option = getopt_long(argc, argv, follow ? "f" : "", taken, NULL)) != -1) {
        if (take(command, option, optarg, ret_options) != 0)
            return -1;
    }
    int count = argc - optind;
    memmove(argv, argv + optind, (size_t)count * sizeof(*argv));
    return count;
}
