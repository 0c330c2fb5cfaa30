/* SPDX-License-Identifier: Apache-2.0 */
/* apt.conf(5): `Scope::Name "value";` and `Scope { Name "value"; };`, nested, with comments. */
#include <stdbool.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/outdated.h"

enum { DEPTH_MAX = 16, NAME_MAX_BYTES = 1024, WORD_MAX_BYTES = 64 * 1024 };

struct conf {
    const char *at;
    const char *end;
    size_t line;
    struct rb_strbuf scope;
    size_t scope_sizes[DEPTH_MAX]; /* of the scope before each open brace */
    size_t depth;
    struct rb_strbuf name;  /* of the statement being read; "" where it has none */
    struct rb_strbuf value; /* likewise */
    size_t word_count;      /* of that statement */
    rb_apt_conf_cb *take;
    void *context;
};

static bool starts_with(const struct conf *conf, const char *text)
{
    size_t size = strlen(text);
    return (size_t)(conf->end - conf->at) >= size && memcmp(conf->at, text, size) == 0;
}

static void advance(struct conf *conf, size_t size)
{
    for (; size > 0; size--)
        conf->line += *conf->at++ == '\n';
}

static void advance_to(struct conf *conf, const char *text)
{
    while (conf->at < conf->end && !starts_with(conf, text))
        advance(conf, 1);
    if (conf->at < conf->end)
        advance(conf, strlen(text));
}

static void skip_blanks(struct conf *conf)
{
    while (conf->at < conf->end) {
        if (strchr(" \t\r\n", *conf->at) != NULL && *conf->at != '\0')
            advance(conf, 1);
        else if (*conf->at == '#' || starts_with(conf, "//"))
            advance_to(conf, "\n");
        else if (starts_with(conf, "/*"))
            advance_to(conf, "*/");
        else
            return;
    }
}

static int fail(const struct conf *conf, const char *reason, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "line %zu: %s", conf->line, reason);
}

static int read_quoted(struct conf *conf, struct rb_strbuf *word, struct rb_err *err)
{
    advance(conf, 1);
    while (conf->at < conf->end && *conf->at != '"') {
        if (*conf->at == '\0')
            return fail(conf, "a value holds a NUL byte", err);
        rb_strbuf_putc(word, *conf->at);
        advance(conf, 1);
    }
    if (conf->at == conf->end)
        return fail(conf, "a value has no closing quote", err);
    advance(conf, 1);
    return 0;
}

static void read_bare(struct conf *conf, struct rb_strbuf *word)
{
    while (conf->at < conf->end && *conf->at != '\0' && strchr(" \t\r\n\"{};", *conf->at) == NULL) {
        rb_strbuf_putc(word, *conf->at);
        advance(conf, 1);
    }
}

/* The first bare word of a statement is its name; what follows, or a quoted first one, its value.
 */
static int read_word(struct conf *conf, struct rb_err *err)
{
    bool is_quoted = *conf->at == '"';
    bool is_name = conf->word_count == 0 && !is_quoted;
    struct rb_strbuf *word = is_name ? &conf->name : &conf->value;
    const char *before = conf->at;
    int status = 0;
    if (is_quoted)
        status = read_quoted(conf, word, err);
    else
        read_bare(conf, word);
    if (status == 0 && conf->at == before)
        status = fail(conf, "a byte that belongs nowhere", err);
    if (status == 0 && (conf->name.overflowed || conf->value.overflowed))
        status = fail(conf, "a name or value is too long", err);
    conf->word_count++;
    return status;
}

static void end_statement(struct conf *conf)
{
    if (conf->value.size > 0) {
        RB_CLEANUP_FREE char *name =
            rb_asprintf("%s%s%s", rb_strbuf_text(&conf->scope), conf->scope.size > 0 ? "::" : "",
                        rb_strbuf_text(&conf->name));
        conf->take(conf->context, name, rb_strbuf_text(&conf->value));
    }
    rb_strbuf_clear(&conf->name);
    rb_strbuf_clear(&conf->value);
    conf->word_count = 0;
}

static int open_scope(struct conf *conf, struct rb_err *err)
{
    if (conf->depth == DEPTH_MAX)
        return fail(conf, "scopes are nested too deeply", err);
    conf->scope_sizes[conf->depth++] = conf->scope.size;
    if (conf->scope.size > 0)
        rb_strbuf_puts(&conf->scope, "::");
    rb_strbuf_puts(&conf->scope, rb_strbuf_text(&conf->name));
    if (conf->scope.overflowed)
        return fail(conf, "a name is too long", err);
    rb_strbuf_clear(&conf->value);
    end_statement(conf);
    return 0;
}

static int close_scope(struct conf *conf, struct rb_err *err)
{
    if (conf->depth == 0)
        return fail(conf, "a \"}\" without a \"{\"", err);
    end_statement(conf);
    conf->scope.size = conf->scope_sizes[--conf->depth];
    if (conf->scope.data != NULL)
        conf->scope.data[conf->scope.size] = '\0';
    return 0;
}

static int read_next(struct conf *conf, struct rb_err *err)
{
    switch (*conf->at) {
    case '{':
        advance(conf, 1);
        return open_scope(conf, err);
    case '}':
        advance(conf, 1);
        return close_scope(conf, err);
    case ';':
        advance(conf, 1);
        end_statement(conf);
        return 0;
    default:
        return read_word(conf, err);
    }
}

int rb_apt_conf_read(const char *data, size_t size, const char *what, rb_apt_conf_cb *take,
                     void *context, struct rb_err *err)
{
    struct conf conf = {
        .at = data,
        .end = data + size,
        .line = 1,
        .scope = RB_STRBUF_INIT(NAME_MAX_BYTES),
        .name = RB_STRBUF_INIT(NAME_MAX_BYTES),
        .value = RB_STRBUF_INIT(WORD_MAX_BYTES),
        .take = take,
        .context = context,
    };
    int status = 0;
    for (skip_blanks(&conf); status == 0 && conf.at < conf.end; skip_blanks(&conf))
        status = read_next(&conf, err);
    if (status == 0 && (conf.depth > 0 || conf.word_count > 0))
        status = fail(&conf, "the file ends within a statement", err);
    rb_strbuf_deinit(&conf.scope);
    rb_strbuf_deinit(&conf.name);
    rb_strbuf_deinit(&conf.value);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    return status;
}
