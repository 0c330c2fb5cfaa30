/* SPDX-License-Identifier: Apache-2.0 */
#include "pin.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static int ask(struct rb_pin *pin, enum rb_pin_field field, const char *text, struct rb_err *err)
{
    rb_pattern_deinit(&pin->fields[field]);
    pin->asked[field] = true;
    return rb_pattern_compile(text, &pin->fields[field], err);
}

/* A star at the end stands for any rest, also where the text before it is taken letter by letter.
 */
static int parse_version(const char *text, struct rb_pin *pin, struct rb_err *err)
{
    size_t size = strlen(text);
    bool is_prefix = size > 0 && text[size - 1] == '*';
    RB_CLEANUP_FREE char *version = rb_strndup(text, size - is_prefix);
    int status = ask(pin, RB_PIN_BY_VERSION, version, err);
    rb_free(pin->version_prefix);
    rb_free(pin->version_exact);
    pin->version_prefix = is_prefix ? rb_strdup(version) : NULL;
    pin->version_exact = rb_steal(&version);
    return status;
}

static int ask_fragment(struct rb_pin *pin, const char *fragment, struct rb_err *err)
{
    static const struct {
        char letter;
        enum rb_pin_field field;
    } letters[] = {
        {'o', RB_PIN_BY_ORIGIN}, {'a', RB_PIN_BY_SUITE},     {'n', RB_PIN_BY_CODENAME},
        {'l', RB_PIN_BY_LABEL},  {'c', RB_PIN_BY_COMPONENT}, {'b', RB_PIN_BY_ARCHITECTURE},
    };
    if (strlen(fragment) < 3 || fragment[1] != '=')
        return 0;
    int letter = tolower((unsigned char)fragment[0]);
    if (letter == 'v')
        return parse_version(fragment + 2, pin, err);
    for (size_t i = 0; i < RB_COUNT_OF(letters); i++) {
        if (letters[i].letter == letter)
            return ask(pin, letters[i].field, fragment + 2, err);
    }
    return 0;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text;
}

static int parse_release(const char *text, struct rb_pin *pin, struct rb_err *err)
{
    if (rb_text_equal(text, "*")) {
        pin->all = true;
        return 0;
    }
    if (strchr(text, '=') == NULL && isdigit((unsigned char)text[0]))
        return parse_version(text, pin, err);
    if (strchr(text, '=') == NULL)
        return *text == '\0' ? 0 : ask(pin, RB_PIN_BY_RELEASE, text, err);
    RB_CLEANUP_FREE char *copy = rb_strdup(text);
    char *rest = NULL;
    for (char *fragment = strtok_r(copy, ",", &rest); fragment != NULL;
         fragment = strtok_r(NULL, ",", &rest)) {
        int status = ask_fragment(pin, trim(fragment), err);
        if (status != 0)
            return status;
    }
    return 0;
}

static int parse_origin(const char *text, struct rb_pin *pin, struct rb_err *err)
{
    size_t size = strlen(text);
    bool quoted = size >= 2 && text[0] == '"' && text[size - 1] == '"';
    RB_CLEANUP_FREE char *site = quoted ? rb_strndup(text + 1, size - 2) : rb_strdup(text);
    return ask(pin, RB_PIN_BY_SITE, site, err);
}

int rb_pin_parse(enum rb_pin_kind kind, const char *text, struct rb_pin *ret_pin,
                 struct rb_err *err)
{
    static int (*const parsers[])(const char *text, struct rb_pin *pin, struct rb_err *err) = {
        [RB_PIN_VERSION] = parse_version,
        [RB_PIN_RELEASE] = parse_release,
        [RB_PIN_ORIGIN] = parse_origin,
    };
    struct rb_pin pin = {.kind = kind};
    int status = parsers[kind](text, &pin, err);
    if (status != 0) {
        rb_pin_deinit(&pin);
        return status;
    }
    *ret_pin = pin;
    return 0;
}

void rb_pin_deinit(struct rb_pin *pin)
{
    for (size_t i = 0; i < RB_PIN_FIELD_COUNT; i++)
        rb_pattern_deinit(&pin->fields[i]);
    rb_free(pin->version_prefix);
    rb_free(pin->version_exact);
}

bool rb_pin_matches_version(const struct rb_pin *pin, const char *version)
{
    if (!pin->asked[RB_PIN_BY_VERSION] || version == NULL)
        return false;
    if (pin->version_prefix != NULL &&
        strncasecmp(version, pin->version_prefix, strlen(pin->version_prefix)) == 0)
        return true;
    return strcasecmp(version, pin->version_exact) == 0 ||
           rb_pattern_matches(&pin->fields[RB_PIN_BY_VERSION], version);
}

static bool matches_release(const struct rb_pin *pin, const struct rb_repository *repository,
                            const char *architecture)
{
    const char *const values[RB_PIN_FIELD_COUNT] = {
        [RB_PIN_BY_ORIGIN] = repository->origin,       [RB_PIN_BY_SUITE] = repository->suite,
        [RB_PIN_BY_CODENAME] = repository->codename,   [RB_PIN_BY_LABEL] = repository->label,
        [RB_PIN_BY_COMPONENT] = repository->component, [RB_PIN_BY_ARCHITECTURE] = architecture,
    };
    bool asked = false;
    for (size_t i = RB_PIN_BY_ORIGIN; i <= RB_PIN_BY_ARCHITECTURE; i++) {
        if (pin->asked[i] && !rb_pattern_matches(&pin->fields[i], values[i]))
            return false;
        asked |= pin->asked[i];
    }
    const struct rb_pattern *release = &pin->fields[RB_PIN_BY_RELEASE];
    if (pin->asked[RB_PIN_BY_RELEASE] && !rb_pattern_matches(release, repository->suite) &&
        !rb_pattern_matches(release, repository->codename))
        return false;
    if (pin->asked[RB_PIN_BY_VERSION] && !rb_pin_matches_version(pin, repository->version))
        return false;
    return asked || pin->asked[RB_PIN_BY_RELEASE] || pin->asked[RB_PIN_BY_VERSION];
}

bool rb_pin_matches_repository(const struct rb_pin *pin, const struct rb_repository *repository,
                               const char *architecture)
{
    switch (pin->kind) {
    case RB_PIN_RELEASE:
        return pin->all || matches_release(pin, repository, architecture);
    case RB_PIN_ORIGIN:
        return rb_pattern_matches(&pin->fields[RB_PIN_BY_SITE], repository->site);
    case RB_PIN_VERSION:
        break;
    }
    return false;
}
