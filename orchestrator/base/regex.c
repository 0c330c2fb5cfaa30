/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/regex.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* regcomp(3) writes out what is repeated: "a{3}" as "aaa", "a+" as "aa*", and so on with what that
   is part of. How many characters and brackets there may be in the end. */
enum { WRITTEN_OUT_MAXIMUM = 512 };

struct rb_regex {
    regex_t whole; /* "^(PATTERN)$", so that its first own group is number 2 */
    bool has_group;
};

/* A group that is open: what it comes to when it is written out, and what its last piece does. */
struct group {
    size_t size;
    size_t last;
};

/* How often an interval "{2}", "{2,}", "{2,5}" repeats at most, one more where it is open, and its
   last character. */
static size_t read_interval(const char *at, const char **ret_last)
{
    char *end = NULL;
    unsigned long largest = 0;
    do {
        unsigned long number = strtoul(at + 1, &end, 10);
        if (number > largest)
            largest = number;
        at = end;
    } while (*at == ',' && at[1] >= '0' && at[1] <= '9');
    *ret_last = *at == ',' ? at : at - 1;
    return largest > WRITTEN_OUT_MAXIMUM ? WRITTEN_OUT_MAXIMUM + 1 : largest + 1;
}

/* The last character of the bracket expression at at, or of the text where it has no end. */
static const char *bracket_end(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    for (at += *at == ']'; *at != '\0' && *at != ']'; at++) {
        if (*at == '[' && at[1] != '\0' && strchr(":.=", at[1]) != NULL) {
            const char close[] = {at[1], ']', '\0'};
            const char *end = strstr(at + 2, close);
            at = end == NULL ? at : end + 1;
        }
    }
    return *at == '\0' ? at - 1 : at;
}

static void add_piece(struct group *group, size_t size)
{
    group->size += size;
    group->last = size;
}

static void repeat_piece(struct group *group, size_t times)
{
    group->size += group->last * (times - 1);
    group->last *= times;
}

/* Takes the piece or the sign at at, and gives the last character of it. */
static const char *take_piece(const char *at, struct group *groups, size_t *depth)
{
    struct group *group = &groups[*depth];
    if (*at == '(') {
        groups[++*depth] = (struct group){0};
    } else if (*at == ')' && *depth > 0) {
        add_piece(&groups[--*depth], group->size + 1);
    } else if (strchr("*+?", *at) != NULL) {
        repeat_piece(group, 2);
    } else if (*at == '{') {
        repeat_piece(group, read_interval(at, &at));
    } else if (*at == '[') {
        add_piece(group, 1);
        return bracket_end(at);
    } else {
        add_piece(group, 1);
        return *at == '\\' && at[1] != '\0' ? at + 1 : at;
    }
    return at;
}

const char *rb_regex_refuses(const char *pattern)
{
    struct group groups[RB_REGEX_MAXIMUM + 1] = {{0}};
    size_t depth = 0;
    bool repeated = false;
    if (strnlen(pattern, RB_REGEX_MAXIMUM + 1) > RB_REGEX_MAXIMUM)
        return "is too long";
    for (const char *at = pattern; *at != '\0'; at++) {
        bool repeats = strchr("*+?{", *at) != NULL;
        if (repeats && repeated)
            return "repeats a repetition: put it in parentheses";
        repeated = repeats;
        if (*at == '\\' && at[1] >= '0' && at[1] <= '9')
            return "has a back reference";
        at = take_piece(at, groups, &depth);
        if (groups[depth].size > WRITTEN_OUT_MAXIMUM)
            return "repeats too often";
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
    const char *refused = rb_regex_refuses(pattern);
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
