/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe_word.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { WORD_MAXIMUM = 4096, DEPTH_MAXIMUM = 8 };

struct expansion {
    const char *at;
    char escape;
    const struct recipe_variable *variables;
    size_t count;
    int depth;
};

static int expand(struct expansion *expansion, char until, struct rb_strbuf *out,
                  struct rb_err *err);

/* The last one of a name counts. */
static const char *look_up(const struct expansion *expansion, const char *name, size_t size)
{
    for (size_t i = expansion->count; i-- > 0;) {
        if (strlen(expansion->variables[i].name) == size &&
            memcmp(expansion->variables[i].name, name, size) == 0)
            return expansion->variables[i].value;
    }
    return NULL;
}

static size_t name_size(const char *text)
{
    size_t size = 0;
    if (isdigit((unsigned char)text[0]))
        return 0;
    while (isalnum((unsigned char)text[size]) || text[size] == '_')
        size++;
    return size;
}

static int bad_form(struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID,
                      "of variables, $NAME, ${NAME}, ${NAME:-word} and "
                      "${NAME:+word} are understood");
}

/* Behind "${". */
static int expand_braces(struct expansion *expansion, struct rb_strbuf *out, struct rb_err *err)
{
    size_t size = name_size(expansion->at);
    const char *value = look_up(expansion, expansion->at, size);
    expansion->at += size;
    if (size == 0 || ++expansion->depth > DEPTH_MAXIMUM)
        return bad_form(err);
    char kind = '}';
    if (expansion->at[0] == ':' && (expansion->at[1] == '-' || expansion->at[1] == '+')) {
        kind = expansion->at[1];
        expansion->at += 2;
    }
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf word = RB_STRBUF_INIT(WORD_MAXIMUM);
    int status = kind == '}' ? 0 : expand(expansion, '}', &word, err);
    if (status != 0)
        return status;
    if (*expansion->at != '}')
        return bad_form(err);
    expansion->at++;
    expansion->depth--;
    out->overflowed |= word.overflowed;
    bool has_value = value != NULL && value[0] != '\0';
    if (kind == '+')
        value = has_value ? rb_strbuf_text(&word) : "";
    else if (kind == '-' && !has_value)
        value = rb_strbuf_text(&word);
    rb_strbuf_puts(out, value != NULL ? value : "");
    return 0;
}

static int expand_variable(struct expansion *expansion, struct rb_strbuf *out, struct rb_err *err)
{
    expansion->at++;
    if (*expansion->at == '{') {
        expansion->at++;
        return expand_braces(expansion, out, err);
    }
    size_t size = name_size(expansion->at);
    if (size == 0)
        return bad_form(err);
    const char *value = look_up(expansion, expansion->at, size);
    rb_strbuf_puts(out, value != NULL ? value : "");
    expansion->at += size;
    return 0;
}

static int expand_single_quoted(struct expansion *expansion, struct rb_strbuf *out,
                                struct rb_err *err)
{
    const char *end = strchr(expansion->at + 1, '\'');
    if (end == NULL)
        return rb_err_set(err, RB_EINVALID, "a quote is not closed");
    rb_strbuf_append(out, expansion->at + 1, (size_t)(end - expansion->at - 1));
    expansion->at = end + 1;
    return 0;
}

static int expand_quoted(struct expansion *expansion, struct rb_strbuf *out, struct rb_err *err)
{
    if (++expansion->depth > DEPTH_MAXIMUM)
        return bad_form(err);
    expansion->at++;
    int status = expand(expansion, '"', out, err);
    if (status != 0)
        return status;
    if (*expansion->at != '"')
        return rb_err_set(err, RB_EINVALID, "a quote is not closed");
    expansion->at++;
    expansion->depth--;
    return 0;
}

static int expand(struct expansion *expansion, char until, struct rb_strbuf *out,
                  struct rb_err *err)
{
    int status = 0;
    while (status == 0 && *expansion->at != '\0' && *expansion->at != until) {
        char now = *expansion->at;
        if (now == '$') {
            status = expand_variable(expansion, out, err);
        } else if (now == '\'' && until != '"') {
            status = expand_single_quoted(expansion, out, err);
        } else if (now == '"' && until != '"') {
            status = expand_quoted(expansion, out, err);
        } else {
            if (now == expansion->escape && expansion->at[1] != '\0')
                expansion->at++;
            rb_strbuf_putc(out, *expansion->at++);
        }
    }
    return status;
}

int recipe_word_expand(const char *word, char escape, const struct recipe_variable *variables,
                       size_t count, char **ret_text, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(WORD_MAXIMUM);
    struct expansion expansion = {word, escape, variables, count, 0};
    int status = expand(&expansion, '\0', &text, err);
    if (status != 0)
        return status;
    if (text.overflowed)
        return rb_err_set(err, RB_ELIMIT, "a word is longer than %d bytes", WORD_MAXIMUM);
    *ret_text = rb_strbuf_steal(&text);
    return 0;
}
