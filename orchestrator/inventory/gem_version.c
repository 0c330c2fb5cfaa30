/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of RubyGems' versions (guides.rubygems.org, "Patterns"; Gem::Version): numbers and
 * words by turns, a '-' being the word "pre". Zeros before the first word and at the end do not
 * count; what is missing is zero; a word is older than any number.
 */
#include <string.h>

#include "rebake/inventory/version.h"
#include "version_span.h"

enum part_kind { PART_WORD, PART_NUMBER };

struct reader {
    const char *at;
    const char *end;
    const char *kept; /* zeros before here count: a larger number follows them */
    bool after_word;
};

struct part {
    enum part_kind kind;
    struct rb_span text;
};

static bool is_alphanumeric(char c)
{
    return rb_span_is_digit(c) || rb_span_is_letter(c);
}

static bool is_alphanumeric_or_dash(char c)
{
    return is_alphanumeric(c) || c == '-';
}

/* Moves behind zeros that do not count. */
static void skip_zeros(struct reader *reader)
{
    if (reader->after_word || reader->at < reader->kept)
        return;
    const char *at = reader->at;
    while (at < reader->end && (*at == '0' || *at == '.'))
        at++;
    if (at < reader->end && rb_span_is_digit(*at))
        reader->kept = at;
    else
        reader->at = at;
}

/* At the end, and for ever from there, it is the number zero. */
static struct part next_part(struct reader *reader)
{
    static const char pre[] = "pre";
    while (reader->at < reader->end && *reader->at == '.')
        reader->at++;
    skip_zeros(reader);
    struct rb_span rest = {reader->at, reader->end};
    struct part part = {PART_NUMBER, {reader->at, reader->at}};
    if (rb_span_begins_with(rest, '-')) {
        part = (struct part){PART_WORD, {pre, pre + sizeof(pre) - 1}};
        rest.begin++;
    } else if (!rb_span_is_empty(rest) && rb_span_is_letter(*rest.begin)) {
        part = (struct part){PART_WORD, rb_span_take(&rest, rb_span_is_letter)};
    } else {
        part.text = rb_span_take(&rest, rb_span_is_digit);
    }
    reader->after_word = reader->after_word || part.kind == PART_WORD;
    reader->at = rest.begin;
    return part;
}

static int compare_versions(struct rb_span a, struct rb_span b)
{
    struct reader left = {a.begin, a.end, a.begin, false};
    struct reader right = {b.begin, b.end, b.begin, false};
    while (left.at < left.end || right.at < right.end) {
        struct part x = next_part(&left), y = next_part(&right);
        if (x.kind != y.kind)
            return (int)x.kind - (int)y.kind;
        int difference = x.kind == PART_NUMBER ? rb_span_compare_numbers(x.text, y.text)
                                               : rb_span_compare_bytes(x.text, y.text);
        if (difference != 0)
            return difference;
    }
    return 0;
}

/* Dots and what stands between them, of a class; not moved where there is nothing behind a dot. */
static void take_list(struct rb_span *rest, bool (*is_of_class)(char c))
{
    while (rest->end - rest->begin > 1 && *rest->begin == '.' && is_of_class(rest->begin[1])) {
        rest->begin++;
        (void)rb_span_take(rest, is_of_class);
    }
}

/* digits{.alphanumeric}[-(alphanumeric or dash){.alphanumeric or dash}] */
static bool parse(const char *text, struct rb_span *ret_version)
{
    struct rb_span rest = rb_span_trimmed(text);
    *ret_version = rest;
    if (rb_span_is_empty(rb_span_take(&rest, rb_span_is_digit)))
        return false;
    take_list(&rest, is_alphanumeric);
    if (rb_span_begins_with(rest, '-')) {
        rest.begin++;
        if (rb_span_is_empty(rb_span_take(&rest, is_alphanumeric_or_dash)))
            return false;
        take_list(&rest, is_alphanumeric_or_dash);
    }
    return rb_span_is_empty(rest);
}

int rb_version_compare_gem(const char *a, const char *b)
{
    struct rb_span left, right;
    bool a_good = parse(a, &left), b_good = parse(b, &right);
    if (a_good && b_good)
        return compare_versions(left, right);
    return a_good || b_good ? (int)a_good - (int)b_good : strcmp(a, b);
}

bool rb_version_is_gem(const char *version)
{
    struct rb_span parsed;
    return parse(version, &parsed);
}

const struct rb_version_order rb_version_gem = {
    .name = "gem", .compare = rb_version_compare_gem, .is_version = rb_version_is_gem};
