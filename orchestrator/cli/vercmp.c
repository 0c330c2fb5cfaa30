/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake vercmp`: the order of versions that every verdict of Rebake rests on, open to question.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "command.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* No version at all is what a package manager compares with when nothing is installed. */
static bool is_comparable(const struct rb_version_order *order, const char *version)
{
    return *version == '\0' || order->is_version(version);
}

static int answer(const struct rb_version_order *order, const char *a, const char *b,
                  struct rb_err *err)
{
    const char *bad = !is_comparable(order, a) ? a : !is_comparable(order, b) ? b : NULL;
    if (bad != NULL) {
        char shown[256];
        return rb_err_set(err, RB_EINVALID, "\"%s\" is not a %s version",
                          rb_text_printable(bad, shown, sizeof(shown)), order->name);
    }
    printf("%d\n", sign(order->compare(a, b)));
    return 0;
}

static int answer_line(const struct rb_version_order *order, char *line, struct rb_err *err)
{
    static const char blanks[] = " \t\r\n";
    char *rest = NULL;
    const char *a = strtok_r(line, blanks, &rest);
    const char *b = strtok_r(NULL, blanks, &rest);
    if (b == NULL || strtok_r(NULL, blanks, &rest) != NULL)
        return rb_err_set(err, RB_EINVALID, "not a pair of versions");
    return answer(order, a, b, err);
}

static int answer_lines(const struct rb_version_order *order, FILE *in, struct rb_err *err)
{
    RB_CLEANUP_FREE char *line = NULL;
    size_t capacity = 0;
    for (size_t number = 1;; number++) {
        ssize_t size = getline(&line, &capacity, in);
        if (size < 0)
            return ferror(in) ? rb_err_set(err, RB_EIO, "read standard input") : 0;
        int status = size > LINE_MAX_BYTES || memchr(line, '\0', (size_t)size) != NULL
                         ? rb_err_set(err, RB_EINVALID, "not a pair of versions")
                         : answer_line(order, line, err);
        if (status != 0) {
            (void)rb_err_wrap(err, "standard input, line %zu", number);
            return status;
        }
    }
}

static int run_vercmp(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    if (getopt_long(argc, argv, "+", options, NULL) != -1)
        return rb_command_usage(command, NULL);
    int count = argc - optind;
    char **words = argv + optind;
    if (count < 2)
        return rb_command_usage(command, "name an order and two versions");
    const struct rb_version_order *order = rb_version_order_find(words[0]);
    if (order == NULL)
        return rb_command_usage(command,
                                "no order of versions is called \"%s\"; there are: deb, rpm, "
                                "apk, semver, pypi, maven, gem",
                                words[0]);
    struct rb_err err;
    int status;
    if (count == 2 && rb_text_equal(words[1], "-"))
        status = answer_lines(order, stdin, &err);
    else if (count == 3)
        status = answer(order, words[1], words[2], &err);
    else
        return rb_command_usage(command, "give two versions, or \"-\" to read pairs");
    return status == 0 ? RB_EXIT_OK : rb_command_fail(command, &err);
}

const struct rb_command rb_command_vercmp = {
    .name = "vercmp",
    .arguments = "ORDER A B | ORDER -",
    .summary = "Compare two versions: prints -1, 0 or 1 as A is older, equal or newer",
    .help =
        "With \"-\" it reads a pair a line from standard input and prints an answer a line; it\n"
        "stops at the first line that is not a pair of versions. The orders: \"deb\" as\n"
        "`dpkg --compare-versions`, \"rpm\" as rpm, \"apk\" as apk 3, \"semver\" as\n"
        "Semantic Versioning 2.0.0, \"pypi\" as Python's packaging (PEP 440), \"maven\" as "
        "Maven's\n"
        "ComparableVersion, \"gem\" as Gem::Version. An empty version is older than any.\n",
    .run = run_vercmp,
};
