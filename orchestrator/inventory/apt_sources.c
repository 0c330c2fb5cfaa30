/* SPDX-License-Identifier: Apache-2.0 */
/* sources.list(5): where an image's packages come from, in both of its forms. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/deb822.h"
#include "rebake/inventory/outdated.h"

enum { LINE_SIZE_MAX = 64 * 1024 };

struct sources {
    struct rb_arena *arena;
    struct rb_apt_source *items;
    size_t count;
    size_t capacity;
};

static const char blanks[] = " \t\r\n";
static const char *const no_words[] = {NULL};

static int add(struct sources *sources, struct rb_apt_source source, struct rb_err *err)
{
    if (sources->count == RB_APT_SOURCES_MAX)
        return rb_err_set(err, RB_ELIMIT, "more than %d sources", RB_APT_SOURCES_MAX);
    bool is_flat = rb_text_ends_with(source.suite, "/");
    if (strchr(source.url, ':') == NULL)
        return rb_err_set(err, RB_EINVALID, "\"%s\" is not a URL", source.url);
    if (!is_flat && source.components[0] == NULL)
        return rb_err_set(err, RB_EINVALID, "no component stands behind the suite %s",
                          source.suite);
    if (is_flat && source.components[0] != NULL)
        return rb_err_set(err, RB_EINVALID, "a component stands behind the path %s", source.suite);
    sources->items = rb_arena_grow(sources->arena, sources->items, sources->count,
                                   &sources->capacity, sizeof(sources->items[0]));
    sources->items[sources->count++] = source;
    return 0;
}

/* The words of a text, in the arena. NULL has none. */
static const char *const *split(struct rb_arena *arena, const char *text, const char *separators)
{
    if (text == NULL)
        return no_words;
    const char **words = NULL;
    size_t count = 0, capacity = 0;
    char *rest = NULL;
    for (char *word = strtok_r(rb_arena_strdup(arena, text), separators, &rest); word != NULL;
         word = strtok_r(NULL, separators, &rest)) {
        words = rb_arena_grow(arena, words, count, &capacity, sizeof(words[0]));
        words[count++] = word;
    }
    words = rb_arena_grow(arena, words, count, &capacity, sizeof(words[0]));
    words[count] = NULL;
    return words;
}

/* As apt reads them (strutl.cc, StringToBool); anything else leaves the fallback. */
static bool to_bool(const char *text, bool fallback)
{
    static const char *const yes[] = {"yes", "true", "with", "on", "enable", "1"};
    static const char *const no[] = {"no", "false", "without", "off", "disable", "0"};
    for (size_t i = 0; text != NULL && i < RB_COUNT_OF(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0)
            return true;
        if (strcasecmp(text, no[i]) == 0)
            return false;
    }
    return fallback;
}

/* Cuts the next word off the line; quotes may enclose spaces. NULL at its end. */
static char *next_word(char **line)
{
    char *at = *line + strspn(*line, blanks);
    if (*at == '\0')
        return NULL;
    char *word = at, *end = at;
    for (bool quoted = false; *at != '\0' && (quoted || strchr(blanks, *at) == NULL); at++) {
        if (*at == '"')
            quoted = !quoted;
        else
            *end++ = *at;
    }
    *line = *at == '\0' ? at : at + 1;
    *end = '\0';
    return word;
}

static int take_option(struct sources *sources, struct rb_apt_source *source, char *option,
                       struct rb_err *err)
{
    char *equals = strchr(option, '=');
    if (equals == NULL || equals == option || equals[1] == '\0')
        return rb_err_set(err, RB_EINVALID, "the option \"%s\" is not NAME=VALUE", option);
    *equals = '\0';
    const char *value = equals + 1;
    if (strcasecmp(option, "arch") == 0)
        source->architectures = split(sources->arena, value, ",");
    else if (strcasecmp(option, "signed-by") == 0)
        source->signed_by = rb_arena_strdup(sources->arena, value);
    else if (strcasecmp(option, "trusted") == 0)
        source->trusted = to_bool(value, false);
    else if (strcasecmp(option, "check-valid-until") == 0)
        source->may_be_old = !to_bool(value, true);
    return 0;
}

/* "[ NAME=VALUE ... ]"; moves *line behind it. */
static int take_options(struct sources *sources, struct rb_apt_source *source, char **line,
                        struct rb_err *err)
{
    *line += strspn(*line, blanks);
    if (**line != '[')
        return 0;
    char *close = strchr(*line, ']');
    if (close == NULL)
        return rb_err_set(err, RB_EINVALID, "the options have no \"]\"");
    *close = '\0';
    char *options = *line + 1;
    *line = close + 1;
    for (char *option; (option = next_word(&options)) != NULL;) {
        int status = take_option(sources, source, option, err);
        if (status != 0)
            return status;
    }
    return 0;
}

/* A '#' starts a comment, but not among the options. */
static void cut_comment(char *line)
{
    const char *open = strchr(line, '[');
    char *hash = strchr(line, '#');
    if (hash != NULL && open != NULL && open < hash) {
        char *close = strchr(open, ']');
        hash = close == NULL ? hash : strchr(close, '#');
    }
    if (hash != NULL)
        *hash = '\0';
}

static int take_line(struct sources *sources, char *line, struct rb_err *err)
{
    cut_comment(line);
    const char *type = next_word(&line);
    if (type == NULL)
        return 0;
    bool is_binary = rb_text_equal(type, "deb");
    if (!is_binary && !rb_text_equal(type, "deb-src"))
        return rb_err_set(err, RB_EINVALID, "\"%s\" is neither deb nor deb-src", type);
    struct rb_apt_source source = {.architectures = no_words};
    int status = take_options(sources, &source, &line, err);
    if (status != 0)
        return status;
    const char *url = next_word(&line), *suite = next_word(&line);
    if (suite == NULL)
        return rb_err_set(err, RB_EINVALID, "no %s", url == NULL ? "URL" : "suite");
    source.url = rb_arena_strdup(sources->arena, url);
    source.suite = rb_arena_strdup(sources->arena, suite);
    source.components = split(sources->arena, line, blanks);
    return is_binary ? add(sources, source, err) : 0;
}

static int read_lines(struct sources *sources, const char *data, size_t size, const char *what,
                      struct rb_err *err)
{
    const char *end = data + size;
    for (size_t number = 1; data < end; number++) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *line_end = newline == NULL ? end : newline;
        size_t line_size = (size_t)(line_end - data);
        int status = 0;
        if (line_size > LINE_SIZE_MAX || memchr(data, '\0', line_size) != NULL) {
            status = rb_err_set(err, RB_EINVALID, "not a line of text");
        } else {
            RB_CLEANUP_FREE char *line = rb_strndup(data, line_size);
            status = take_line(sources, line, err);
        }
        if (status != 0) {
            (void)rb_err_wrap(err, "%s: line %zu", what, number);
            return status;
        }
        data = newline == NULL ? end : newline + 1;
    }
    return 0;
}

enum field {
    TYPES,
    URIS,
    SUITES,
    COMPONENTS,
    ARCHITECTURES,
    ENABLED,
    SIGNED_BY,
    TRUSTED,
    CHECK_VALID_UNTIL
};
static const char *const field_names[] = {
    [TYPES] = "Types",
    [URIS] = "URIs",
    [SUITES] = "Suites",
    [COMPONENTS] = "Components",
    [ARCHITECTURES] = "Architectures",
    [ENABLED] = "Enabled",
    [SIGNED_BY] = "Signed-By",
    [TRUSTED] = "Trusted",
    [CHECK_VALID_UNTIL] = "Check-Valid-Until",
    NULL,
};

static bool contains(const char *const *words, const char *word)
{
    while (*words != NULL && !rb_text_equal(*words, word))
        words++;
    return *words != NULL;
}

static int take_stanza(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    struct sources *sources = context;
    struct rb_arena *arena = sources->arena;
    const char *const *values = stanza->values;
    if (!to_bool(values[ENABLED], true))
        return 0;
    for (size_t i = TYPES; i <= SUITES; i++) {
        if (rb_text_is_empty(values[i]))
            return rb_err_set(err, RB_EINVALID, "a source without %s", field_names[i]);
    }
    if (!contains(split(arena, values[TYPES], blanks), "deb"))
        return 0;
    struct rb_apt_source source = {
        .components = split(arena, values[COMPONENTS], blanks),
        .architectures = split(arena, values[ARCHITECTURES], blanks),
        .signed_by =
            rb_text_is_empty(values[SIGNED_BY]) ? NULL : rb_arena_strdup(arena, values[SIGNED_BY]),
        .trusted = to_bool(values[TRUSTED], false),
        .may_be_old = !to_bool(values[CHECK_VALID_UNTIL], true),
    };
    for (const char *const *url = split(arena, values[URIS], blanks); *url != NULL; url++) {
        const char *const *suite = split(arena, values[SUITES], blanks);
        for (; *suite != NULL; suite++) {
            source.url = *url;
            source.suite = *suite;
            int status = add(sources, source, err);
            if (status != 0)
                return status;
        }
    }
    return 0;
}

int rb_apt_sources_parse(const char *data, size_t size, bool is_deb822, const char *what,
                         struct rb_arena *arena, struct rb_apt_source **sources, size_t *count,
                         size_t *capacity, struct rb_err *err)
{
    struct sources all = {
        .arena = arena, .items = *sources, .count = *count, .capacity = *capacity};
    struct rb_deb822_options options = {
        .names = field_names,
        .comments = true,
        .stanza = take_stanza,
        .context = &all,
    };
    int status = is_deb822 ? rb_deb822_read(&options, data, size, what, err)
                           : read_lines(&all, data, size, what, err);
    *sources = all.items;
    *count = all.count;
    *capacity = all.capacity;
    return status;
}
