/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/regex.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* regcomp(3) writes out a repetition as often as it may come: what they make together, at most. */
enum { REPETITIONS_MAXIMUM = 512 };

struct rb_regex {
    regex_t whole; /* "^(PATTERN)$", so that its first own group is number 2 */
    bool has_group;
};

/* The largest number of an interval "{2}", "{2,}", "{2,5}"; 0 where it is none. */
static unsigned long interval_size(const char *at)
{
    char *end = NULL;
    unsigned long largest = 0;
    if (*at != '{')
        return 0;
    do {
        unsigned long number = strtoul(at + 1, &end, 10);
        if (number > largest)
            largest = number;
        at = end;
    } while (*at == ',' && at[1] >= '0' && at[1] <= '9');
    return largest + 1;
}

static const char *what_is_refused(const char *pattern)
{
    unsigned long repetitions = 1;
    if (strnlen(pattern, RB_REGEX_MAXIMUM + 1) > RB_REGEX_MAXIMUM)
        return "is too long";
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '\\' && at[1] >= '0' && at[1] <= '9')
            return "has a back reference";
        if (*at == '\\' && at[1] != '\0') {
            at++;
            continue;
        }
        unsigned long size = interval_size(at);
        if (size > REPETITIONS_MAXIMUM || (size > 1 && repetitions * size > REPETITIONS_MAXIMUM))
            return "repeats too often";
        repetitions *= size > 1 ? size : 1;
    }
    return NULL;
}

static int compile(const char *pattern, regex_t *regex, struct rb_err *err)
{
    char text[128];
    int status = regcomp(regex, pattern, REG_EXTENDED);
    if (status == 0)
        return 0;
    (void)regerror(status, regex, text, sizeof(text));
    return rb_err_set(err, RB_EINVALID, "no regular expression: %s", text);
}

int rb_regex_new(const char *pattern, struct rb_regex **ret_regex, struct rb_err *err)
{
    const char *refused = what_is_refused(pattern);
    if (refused != NULL)
        return rb_err_set(err, RB_EINVALID, "the regular expression %s", refused);
    /* Alone first: what is put in parentheses must not close them. */
    regex_t alone;
    int status = compile(pattern, &alone, err);
    if (status != 0)
        return status;
    struct rb_regex *regex = rb_zalloc(sizeof(*regex));
    regex->has_group = alone.re_nsub > 0;
    regfree(&alone);
    RB_CLEANUP_FREE char *whole = rb_asprintf("^(%s)$", pattern);
    status = compile(whole, &regex->whole, err);
    if (status != 0)
        rb_free(regex);
    else
        *ret_regex = regex;
    return status;
}

void rb_regex_free(struct rb_regex *regex)
{
    if (regex == NULL)
        return;
    regfree(&regex->whole);
    rb_free(regex);
}

bool rb_regex_match(const struct rb_regex *regex, const char *text, const char **ret_piece,
                    size_t *ret_size)
{
    regmatch_t groups[3];
    if (strnlen(text, RB_REGEX_TEXT_MAXIMUM + 1) > RB_REGEX_TEXT_MAXIMUM ||
        regexec(&regex->whole, text, RB_COUNT_OF(groups), groups, 0) != 0)
        return false;
    const regmatch_t *group = &groups[regex->has_group ? 2 : 0];
    if (group->rm_so < 0)
        return false;
    *ret_piece = text + group->rm_so;
    *ret_size = (size_t)(group->rm_eo - group->rm_so);
    return true;
}
