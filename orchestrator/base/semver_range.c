/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A range is read into alternatives ("||"), each a list of bounds that must all hold. What is
 * shorter to write is made into bounds the way node-semver makes it: "^1.2" is ">=1.2.0 <2.0.0-0",
 * where "-0" is the lowest prerelease there is, so that 2.0.0-rc1 stays out.
 */
#include <string.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/semver.h"
#include "rebake/base/text.h"

enum operation { NOTHING, EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL };

struct bound {
    enum operation operation; /* NOTHING: no version holds */
    struct rb_semver version;
};

struct alternative {
    struct bound *bounds; /* none: every version holds */
    size_t count;
    size_t capacity;
};

struct rb_semver_range {
    struct rb_arena *arena;
    bool prereleases;
    struct alternative *alternatives;
    size_t count;
    size_t capacity;
};

/* "1", "1.2", "1.x", "1.2.3-rc.1": how many numbers are said, and the version with the rest 0. */
struct partial {
    int said;
    struct rb_semver version;
};

static void add_bound(struct rb_semver_range *range, enum operation operation,
                      struct rb_semver version)
{
    struct alternative *last = &range->alternatives[range->count - 1];
    last->bounds = rb_arena_grow(range->arena, last->bounds, last->count, &last->capacity,
                                 sizeof(*last->bounds));
    last->bounds[last->count++] = (struct bound){operation, version};
}

static void set_lowest_prerelease(struct rb_semver *version)
{
    version->prerelease = "0";
    version->prerelease_size = 1;
}

/* From the version on; with its prereleases where they are asked for and none is named. */
static void add_from(struct rb_semver_range *range, struct rb_semver version)
{
    if (range->prereleases && version.prerelease == NULL)
        set_lowest_prerelease(&version);
    add_bound(range, GREATER_OR_EQUAL, version);
}

/* The version after all those that share its numbers up to the one at index `place`. */
static struct rb_semver next_after(struct rb_semver version, int place)
{
    struct rb_semver next = {.prerelease = NULL};
    for (int i = 0; i <= place; i++)
        next.numbers[i] = version.numbers[i] + (i == place);
    return next;
}

static void add_below_next(struct rb_semver_range *range, struct rb_semver version, int place)
{
    struct rb_semver next = next_after(version, place);
    set_lowest_prerelease(&next);
    add_bound(range, LESS, next);
}

/* "~1.2.3": patches only; "~1": all below 2. */
static void add_tilde(struct rb_semver_range *range, const struct partial *partial)
{
    if (partial->said == 0)
        return;
    add_bound(range, GREATER_OR_EQUAL, partial->version);
    add_below_next(range, partial->version, partial->said == 1 ? 0 : 1);
}

/* "^1.2.3": whatever leaves the first number that is not 0 as it is. */
static void add_caret(struct rb_semver_range *range, const struct partial *partial)
{
    const uint64_t *numbers = partial->version.numbers;
    if (partial->said == 0)
        return;
    int place = 0;
    while (place + 1 < partial->said && numbers[place] == 0)
        place++;
    if (partial->said == 3 && numbers[0] != 0)
        add_bound(range, GREATER_OR_EQUAL, partial->version);
    else
        add_from(range, partial->version);
    add_below_next(range, partial->version, place);
}

/* ">1.2" is ">=1.3.0": a bound on a version that is not said whole is one on all that it stands
   for. */
static void add_partial(struct rb_semver_range *range, enum operation operation,
                        const struct partial *partial)
{
    int place = partial->said - 1;
    struct rb_semver lowest = partial->version;
    if (partial->said == 0) {
        if (operation == LESS || operation == GREATER)
            add_bound(range, NOTHING, lowest);
        return;
    }
    switch (operation) {
    case NOTHING:
    case EQUAL:
        add_from(range, lowest);
        add_below_next(range, lowest, place);
        break;
    case LESS:
        set_lowest_prerelease(&lowest);
        add_bound(range, LESS, lowest);
        break;
    case LESS_OR_EQUAL:
        add_below_next(range, lowest, place);
        break;
    case GREATER:
        add_from(range, next_after(lowest, place));
        break;
    case GREATER_OR_EQUAL:
        add_from(range, lowest);
        break;
    }
}

static void add_plain(struct rb_semver_range *range, enum operation operation,
                      const struct partial *partial)
{
    const struct rb_semver *version = &partial->version;
    bool is_zero = (version->numbers[0] | version->numbers[1] | version->numbers[2]) == 0;
    if (partial->said < 3)
        add_partial(range, operation, partial);
    else if (operation != GREATER_OR_EQUAL || !is_zero || version->prerelease != NULL ||
             range->prereleases)
        add_bound(range, operation, *version); /* ">=0.0.0" is "*" */
}

/* "A - B", both ends included, and with all that they stand for. */
static void add_hyphen(struct rb_semver_range *range, const struct partial *from,
                       const struct partial *to)
{
    if (from->said > 0)
        add_from(range, from->version);
    if (to->said == 0)
        return;
    if (to->said < 3 || (range->prereleases && to->version.prerelease == NULL))
        add_below_next(range, to->version, to->said - 1);
    else
        add_bound(range, LESS_OR_EQUAL, to->version);
}

static bool is_wildcard(const char *text, size_t size)
{
    return size == 1 && (*text == 'x' || *text == 'X' || *text == '*');
}

/* Up to three numbers, of which the last may be wildcards. What is filled up to a whole version is
   read by the reader of versions. */
static bool read_partial(struct rb_arena *arena, const char *text, struct partial *ret_partial)
{
    *ret_partial = (struct partial){.said = 0};
    if (*text == 'v')
        text++;
    const char *parts[3] = {"0", "0", "0"};
    bool wild = false;
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        size_t size = strcspn(at, i == 2 ? "-+" : ".");
        wild = wild || is_wildcard(at, size);
        if (!wild)
            parts[ret_partial->said++] = i == 2 ? at : rb_arena_strndup(arena, at, size);
        else if (!is_wildcard(at, size) && strspn(at, "0123456789") != size)
            return false;
        at += size;
        if (*at == '\0')
            break;
        if (i == 2 && wild)
            return false;
        at += i < 2;
    }
    return rb_semver_parse(rb_arena_printf(arena, "%s.%s.%s", parts[0], parts[1], parts[2]),
                           &ret_partial->version);
}

/* The operator before a version, and moves behind it and the blanks after it. */
static const char *take_operator(const char **at)
{
    static const char *const operators[] = {"<=", ">=", "~>", "<", ">", "=", "~", "^"};
    for (size_t i = 0; i < RB_COUNT_OF(operators); i++) {
        if (rb_text_starts_with(*at, operators[i])) {
            *at += strlen(operators[i]);
            *at += strspn(*at, " \t");
            return operators[i];
        }
    }
    return "";
}

static const char *take_word(struct rb_arena *arena, const char **at)
{
    size_t size = strcspn(*at, " \t");
    const char *word = rb_arena_strndup(arena, *at, size);
    *at += size;
    *at += strspn(*at, " \t");
    return word;
}

static enum operation operation_of(const char *operator)
{
    bool equal = strchr(operator, '=') != NULL;
    if (*operator== '<')
        return equal ? LESS_OR_EQUAL : LESS;
    if (*operator== '>')
        return equal ? GREATER_OR_EQUAL : GREATER;
    return EQUAL;
}

static bool read_alternative(struct rb_semver_range *range, const char *at)
{
    struct partial partial, end;
    const char *begin = at;
    while (*at != '\0') {
        bool first = at == begin;
        const char *operator= take_operator(&at);
        if (!read_partial(range->arena, take_word(range->arena, &at), &partial))
            return false;
        if (*operator== '\0' && at[0] == '-' &&(at[1] == ' ' || at[1] == '\t')) {
            at += 1 + strspn(at + 1, " \t");
            if (!first || !read_partial(range->arena, take_word(range->arena, &at), &end))
                return false;
            add_hyphen(range, &partial, &end);
            return *at == '\0';
        }
        if (*operator== '^')
            add_caret(range, &partial);
        else if (*operator== '~')
            add_tilde(range, &partial);
        else
            add_plain(range, operation_of(operator), &partial);
    }
    return true;
}

/* As for node-semver, with a "*" among them no other alternative counts, not even with the
   prereleases that it names. */
static void widen(struct rb_semver_range *range)
{
    for (size_t i = 0; i < range->count; i++) {
        if (range->alternatives[i].count == 0) {
            range->count = 1;
            range->alternatives[0].count = 0;
        }
    }
}

/* text is the arena's, and is cut up. */
static bool read_range(struct rb_semver_range *range, char *text)
{
    for (char *next; text != NULL; text = next) {
        next = strstr(text, "||");
        if (next != NULL) {
            *next = '\0';
            next += 2;
        }
        text += strspn(text, " \t");
        range->alternatives = rb_arena_grow(range->arena, range->alternatives, range->count,
                                            &range->capacity, sizeof(*range->alternatives));
        range->alternatives[range->count++] = (struct alternative){0};
        if (!read_alternative(range, text))
            return false;
    }
    widen(range);
    return true;
}

int rb_semver_range_parse(const char *text, bool prereleases, struct rb_semver_range **ret_range,
                          struct rb_err *err)
{
    char shown[128];
    if (strnlen(text, RB_SEMVER_RANGE_MAXIMUM + 1) > RB_SEMVER_RANGE_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "a range of versions has more than %d characters",
                          RB_SEMVER_RANGE_MAXIMUM);
    struct rb_semver_range *range = rb_zalloc(sizeof(*range));
    range->arena = rb_arena_new();
    range->prereleases = prereleases;
    if (!read_range(range, rb_arena_strdup(range->arena, text))) {
        rb_semver_range_free(range);
        return rb_err_set(err, RB_EINVALID, "\"%s\" is no range of semantic versions",
                          rb_text_printable(text, shown, sizeof(shown)));
    }
    *ret_range = range;
    return 0;
}

void rb_semver_range_free(struct rb_semver_range *range)
{
    if (range == NULL)
        return;
    rb_arena_free(range->arena);
    rb_free(range);
}

static bool bound_holds(const struct bound *bound, const struct rb_semver *version)
{
    int order = rb_semver_compare(version, &bound->version);
    switch (bound->operation) {
    case NOTHING:
        return false;
    case EQUAL:
        return order == 0;
    case LESS:
        return order < 0;
    case LESS_OR_EQUAL:
        return order <= 0;
    case GREATER:
        return order > 0;
    case GREATER_OR_EQUAL:
        return order >= 0;
    }
    return false;
}

static bool alternative_holds(const struct alternative *alternative, bool prereleases,
                              const struct rb_semver *version)
{
    bool named = prereleases || version->prerelease == NULL;
    for (size_t i = 0; i < alternative->count; i++) {
        const struct bound *bound = &alternative->bounds[i];
        if (!bound_holds(bound, version))
            return false;
        named = named ||
                (bound->version.prerelease != NULL &&
                 memcmp(bound->version.numbers, version->numbers, sizeof(version->numbers)) == 0);
    }
    return named;
}

bool rb_semver_range_holds(const struct rb_semver_range *range, const struct rb_semver *version)
{
    for (size_t i = 0; i < range->count; i++) {
        if (alternative_holds(&range->alternatives[i], range->prereleases, version))
            return true;
    }
    return false;
}
