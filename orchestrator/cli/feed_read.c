/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake internal feed-read`: a file of advisories is read in a process that has limits. */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "exit_code.h"
#include "rebake/advisory/feed.h"
#include "rebake/base/text.h"

static bool find_kind(const char *name, enum rb_source_kind *ret_kind)
{
    if (rb_text_equal(name, rb_source_kind_name(RB_SOURCE_RPM))) { /* its updateinfo */
        *ret_kind = RB_SOURCE_RPM;
        return true;
    }
    for (*ret_kind = RB_SOURCE_OSV; *ret_kind <= RB_SOURCE_EPSS; (*ret_kind)++) {
        if (rb_text_equal(rb_source_kind_name(*ret_kind), name))
            return true;
    }
    return false;
}

static int run_feed_read(const struct rb_command *command, int argc, char **argv)
{
    enum rb_source_kind kind;
    struct rb_err err;
    if (argc < 3 || argc > 4 || !find_kind(argv[1], &kind))
        return rb_command_usage(
            command, "takes a kind of advisories, a file and perhaps where to compile it to");
    if (rb_feed_read_main(kind, argv[2], argv[3], STDOUT_FILENO, &err) == 0)
        return 0;
    (void)fprintf(stderr, "%s\n", err.text);
    return RB_EXIT_FAILED;
}

const struct rb_command rb_command_feed_read = {
    .name = "internal feed-read",
    .arguments = "KIND FILE [SET]",
    .summary = "Read a file of advisories, say how many there are, compile them",
    .internal = true,
    .run = run_feed_read,
};
