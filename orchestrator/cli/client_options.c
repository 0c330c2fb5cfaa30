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

static int take(const struct rb_command *command, int option, const char *argument,
                struct rb_client_options *options)
{
    switch (option) {
    case 'S':
        options->socket_path = argument;
        return 0;
    case 'J':
        options->json = true;
        return 0;
    case 'w':
        options->why = argument;
        return 0;
    case 'f':
        options->follow = true;
        return 0;
    case 'c':
        options->check = true;
        return 0;
    case 'F':
        options->failing = true;
        return 0;
    case 'k':
        options->kind = argument;
        return 0;
    case 'i':
        options->image = argument;
        return 0;
    case 'o':
        options->format = argument;
        return 0;
    case 'u':
        options->unfixed = true;
        return 0;
    case 'x':
        options->kev = true;
        return 0;
    case 's':
        return take_span(command, "--since", argument, &options->since_ms);
    case 'n':
        if (rb_text_to_i64(argument, &options->limit) && options->limit >= 1 &&
            options->limit <= LIMIT_MAXIMUM)
            return 0;
        (void)rb_command_usage(command, "--limit takes a number from 1 to %d", LIMIT_MAXIMUM);
        return -1;
    case 't':
        return take_span(command, "--timeout", argument, &options->timeout_ms);
    case 'd':
        return take_span(command, "--for", argument, &options->for_ms);
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
        {"for", required_argument, NULL, 'd'}};
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
