/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"

#include <fnmatch.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/regex.h"

enum { PATTERN_MAX = 512 };

static int compile_regex(const char *text, size_t size, struct rb_pattern *ret_pattern,
                         struct rb_err *err)
{
    RB_CLEANUP_FREE char *expression = rb_strndup(text + 1, size - 2);
    const char *refused = rb_regex_refuses(expression);
    if (refused != NULL)
        return rb_err_set(err, RB_ELIMIT,
                          "the regular expression %s %s: Rebake does not take that from an image",
                          text, refused);
    RB_CLEANUP_FREE regex_t *regex = rb_zalloc(sizeof(*regex));
    int result = regcomp(regex, expression, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (result != 0) {
        char reason[128];
        (void)regerror(result, regex, reason, sizeof(reason));
        return rb_err_set(err, RB_EINVALID, "the regular expression %s matches nothing: %s", text,
                          reason);
    }
    *ret_pattern = (struct rb_pattern){.regex = rb_steal(&regex)};
    return 0;
}

int rb_pattern_compile(const char *text, struct rb_pattern *ret_pattern, struct rb_err *err)
{
    size_t size = strlen(text);
    if (size > PATTERN_MAX)
        return rb_err_set(err, RB_ELIMIT, "a pattern longer than %d bytes", PATTERN_MAX);
    if (size >= 2 && text[0] == '/' && text[size - 1] == '/')
        return compile_regex(text, size, ret_pattern, err);
    *ret_pattern = (struct rb_pattern){.glob = rb_strdup(text)};
    return 0;
}

void rb_pattern_deinit(struct rb_pattern *pattern)
{
    if (pattern->regex != NULL) {
        regfree(pattern->regex);
        rb_free(pattern->regex);
    }
    rb_free(pattern->glob);
    *pattern = (struct rb_pattern){0};
}

bool rb_pattern_matches(const struct rb_pattern *pattern, const char *text)
{
    if (text == NULL)
        return false;
    if (pattern->regex != NULL)
        return regexec(pattern->regex, text, 0, NULL, 0) == 0;
    return pattern->glob != NULL && fnmatch(pattern->glob, text, FNM_CASEFOLD) == 0;
}
