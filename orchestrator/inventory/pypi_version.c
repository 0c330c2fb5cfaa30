/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of Python's versions (PEP 440, now packaging.python.org's "Version specifiers", with
 * its "Summary of permitted suffixes and relative ordering"; version.py of packaging). In the
 * reader below a missing number is an empty span, which counts as zero.
 */
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_span.h"

/* What stands behind the release, in rising order. A version with nothing but a ".devN" is older
   than its first alpha. */
enum stage { STAGE_DEVELOPMENT, STAGE_ALPHA, STAGE_BETA, STAGE_CANDIDATE, STAGE_FINAL };

struct version {
    struct rb_span epoch;
    struct rb_span release; /* numbers and the dots between them */
    enum stage stage;
    struct rb_span stage_number;
    bool is_post;
    struct rb_span post_number;
    bool is_development;
    struct rb_span development_number;
    struct rb_span local; /* empty: none */
};

struct word {
    const char *text;
    enum stage stage;
};

/* The longer ones first where one begins another. */
static const struct word stage_words[] = {
    {"alpha", STAGE_ALPHA},  {"a", STAGE_ALPHA},           {"beta", STAGE_BETA},
    {"b", STAGE_BETA},       {"preview", STAGE_CANDIDATE}, {"pre", STAGE_CANDIDATE},
    {"rc", STAGE_CANDIDATE}, {"c", STAGE_CANDIDATE},
};
static const struct word post_words[] = {
    {"post", STAGE_FINAL}, {"rev", STAGE_FINAL}, {"r", STAGE_FINAL}};
static const struct word development_words[] = {{"dev", STAGE_FINAL}};

static bool is_seam(char c)
{
    return c == '.' || c == '-' || c == '_';
}

static bool is_alphanumeric(char c)
{
    return rb_span_is_digit(c) || rb_span_is_letter(c);
}

static void skip_seam(struct rb_span *rest)
{
    if (rest->begin < rest->end && is_seam(*rest->begin))
        rest->begin++;
}

/* Takes [seam]word[seam][number], the word one of the list. NULL, and nothing taken, without it. */
static const struct word *take_suffix(struct rb_span *rest, const struct word *words, size_t count,
                                      struct rb_span *ret_number)
{
    struct rb_span at = *rest;
    skip_seam(&at);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(words[i].text);
        if ((size_t)(at.end - at.begin) >= size &&
            strncasecmp(at.begin, words[i].text, size) == 0) {
            at.begin += size;
            skip_seam(&at);
            *ret_number = rb_span_take(&at, rb_span_is_digit);
            *rest = at;
            return &words[i];
        }
    }
    return NULL;
}

/* "1.0-4" is "1.0.post4". */
static bool take_post(struct rb_span *rest, struct rb_span *ret_number)
{
    if (rest->end - rest->begin > 1 && *rest->begin == '-' && rb_span_is_digit(rest->begin[1])) {
        rest->begin++;
        *ret_number = rb_span_take(rest, rb_span_is_digit);
        return true;
    }
    return take_suffix(rest, post_words, RB_COUNT_OF(post_words), ret_number) != NULL;
}

static struct rb_span take_release(struct rb_span *rest)
{
    struct rb_span release = rb_span_take(rest, rb_span_is_digit);
    while (!rb_span_is_empty(release) && rest->end - rest->begin > 1 && *rest->begin == '.' &&
           rb_span_is_digit(rest->begin[1])) {
        rest->begin++;
        release.end = rb_span_take(rest, rb_span_is_digit).end;
    }
    return release;
}

/* Segments with a seam between any two; a '+' stands before them. */
static bool take_local(struct rb_span *rest, struct rb_span *ret_local)
{
    ret_local->begin = rest->begin + 1;
    do {
        rest->begin++;
        if (rb_span_is_empty(rb_span_take(rest, is_alphanumeric)))
            return false;
    } while (rest->begin < rest->end && is_seam(*rest->begin));
    ret_local->end = rest->begin;
    return true;
}

static bool parse(const char *text, struct version *ret_version)
{
    struct rb_span rest = rb_span_trimmed(text), none = {text, text};
    struct version version = {.epoch = none,
                              .stage = STAGE_FINAL,
                              .stage_number = none,
                              .post_number = none,
                              .development_number = none,
                              .local = none};
    if (rb_span_begins_with(rest, 'v') || rb_span_begins_with(rest, 'V'))
        rest.begin++;
    version.release = take_release(&rest);
    if (rb_span_is_empty(version.release))
        return false;
    if (rb_span_begins_with(rest, '!') &&
        memchr(version.release.begin, '.', (size_t)(rest.begin - version.release.begin)) == NULL) {
        rest.begin++;
        version.epoch = version.release;
        version.release = take_release(&rest);
    }
    const struct word *word =
        take_suffix(&rest, stage_words, RB_COUNT_OF(stage_words), &version.stage_number);
    version.is_post = take_post(&rest, &version.post_number);
    version.is_development = take_suffix(&rest, development_words, RB_COUNT_OF(development_words),
                                         &version.development_number) != NULL;
    if (word != NULL)
        version.stage = word->stage;
    else if (version.is_development && !version.is_post)
        version.stage = STAGE_DEVELOPMENT;
    if (rb_span_begins_with(rest, '+') && !take_local(&rest, &version.local))
        return false;
    *ret_version = version;
    return rb_span_is_empty(rest) && !rb_span_is_empty(version.release);
}

/* Zeros at the end of a release do not count. */
static int compare_releases(struct rb_span a, struct rb_span b)
{
    while (!rb_span_is_empty(a) || !rb_span_is_empty(b)) {
        int difference = rb_span_compare_numbers(rb_span_take(&a, rb_span_is_digit),
                                                 rb_span_take(&b, rb_span_is_digit));
        if (difference != 0)
            return difference;
        skip_seam(&a);
        skip_seam(&b);
    }
    return 0;
}

static bool is_number(struct rb_span segment)
{
    (void)rb_span_take(&segment, rb_span_is_digit);
    return rb_span_is_empty(segment);
}

static int compare_segments(struct rb_span a, struct rb_span b)
{
    bool a_is_number = is_number(a), b_is_number = is_number(b);
    if (a_is_number != b_is_number)
        return (int)a_is_number - (int)b_is_number;
    return a_is_number ? rb_span_compare_numbers(a, b) : rb_span_compare_folded(a, b);
}

/* Segment by segment, a number newer than a word; the longer one is newer than what begins it. */
static int compare_locals(struct rb_span a, struct rb_span b)
{
    while (!rb_span_is_empty(a) && !rb_span_is_empty(b)) {
        int difference =
            compare_segments(rb_span_take(&a, is_alphanumeric), rb_span_take(&b, is_alphanumeric));
        if (difference != 0)
            return difference;
        skip_seam(&a);
        skip_seam(&b);
    }
    return (int)rb_span_is_empty(b) - (int)rb_span_is_empty(a);
}

static int compare_versions(const struct version *a, const struct version *b)
{
    int difference = rb_span_compare_numbers(a->epoch, b->epoch);
    if (difference == 0)
        difference = compare_releases(a->release, b->release);
    if (difference == 0)
        difference = (int)a->stage - (int)b->stage;
    if (difference == 0)
        difference = rb_span_compare_numbers(a->stage_number, b->stage_number);
    if (difference == 0)
        difference = (int)a->is_post - (int)b->is_post;
    if (difference == 0)
        difference = rb_span_compare_numbers(a->post_number, b->post_number);
    if (difference == 0)
        difference = (int)b->is_development - (int)a->is_development;
    if (difference == 0)
        difference = rb_span_compare_numbers(a->development_number, b->development_number);
    return difference != 0 ? difference : compare_locals(a->local, b->local);
}

int rb_version_compare_pypi(const char *a, const char *b)
{
    struct version left, right;
    bool a_good = parse(a, &left), b_good = parse(b, &right);
    if (a_good && b_good)
        return compare_versions(&left, &right);
    return a_good || b_good ? (int)a_good - (int)b_good : strcmp(a, b);
}

bool rb_version_is_pypi(const char *version)
{
    struct version parsed;
    return parse(version, &parsed);
}

/* PEP 440, "Pre-releases": those of development are too. */
static bool is_prerelease(const char *text)
{
    struct version version;
    return parse(text, &version) && (version.stage != STAGE_FINAL || version.is_development);
}

const struct rb_version_order rb_version_pypi = {.name = "pypi",
                                                 .compare = rb_version_compare_pypi,
                                                 .is_version = rb_version_is_pypi,
                                                 .is_prerelease = is_prerelease};
