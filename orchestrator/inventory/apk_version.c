/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of Alpine's versions (apk-package(5), "Package version"; src/version.c of apk-tools 3).
 * Both versions are read part by part; the first parts that differ decide.
 */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_span.h"

/* In the order in which they may follow each other; where one version goes on with one kind and the
   other with another, the kind that stands later here is the older version. */
enum part_kind {
    PART_FIRST_NUMBER,
    PART_NUMBER,
    PART_LETTER,
    PART_SUFFIX,
    PART_SUFFIX_NUMBER,
    PART_COMMIT,
    PART_REVISION,
    PART_END,
    PART_INVALID
};

/* Those up to "rc" are before the version that they stand behind, those from "cvs" on after it. */
static const char *const suffixes[] = {"alpha", "beta", "pre", "rc", "cvs",
                                       "svn",   "git",  "hg",  "p"};
enum { SUFFIXES_BEFORE = 4 };

struct part {
    enum part_kind kind;
    struct rb_span text;
    size_t suffix; /* its place among the suffixes */
};

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdef";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Takes the run of characters of a set at `at`; none at all is invalid. */
static void take_run(struct part *part, enum part_kind kind, const char *at, const char *set)
{
    part->text = (struct rb_span){at, at + strspn(at, set)};
    part->kind = rb_span_is_empty(part->text) ? PART_INVALID : kind;
}

static void take_suffix(struct part *part, const char *at)
{
    take_run(part, PART_SUFFIX, at, letters);
    size_t size = (size_t)(part->text.end - at);
    for (size_t i = 0; i < RB_COUNT_OF(suffixes); i++) {
        if (size == strlen(suffixes[i]) && memcmp(at, suffixes[i], size) == 0) {
            part->suffix = i;
            return;
        }
    }
    part->kind = PART_INVALID;
}

static struct part first_part(const char *version)
{
    struct part part = {0};
    take_run(&part, PART_FIRST_NUMBER, version, digits);
    return part;
}

static void next_part(struct part *part)
{
    const char *at = part->text.end;
    enum part_kind before = part->kind;
    part->kind = PART_INVALID;
    if (*at == '\0') {
        part->kind = PART_END;
    } else if (is_one_of(*at, letters) && before <= PART_NUMBER) {
        part->kind = PART_LETTER;
        part->text = (struct rb_span){at, at + 1};
    } else if (*at == '.' && before <= PART_NUMBER) {
        take_run(part, PART_NUMBER, at + 1, digits);
    } else if (is_one_of(*at, digits) && before == PART_SUFFIX) {
        take_run(part, PART_SUFFIX_NUMBER, at, digits);
    } else if (*at == '_' && before <= PART_SUFFIX_NUMBER) {
        take_suffix(part, at + 1);
    } else if (*at == '~' && before < PART_COMMIT) {
        take_run(part, PART_COMMIT, at + 1, hex_digits);
    } else if (at[0] == '-' && at[1] == 'r' && before < PART_REVISION) {
        take_run(part, PART_REVISION, at + 2, digits);
    }
}

/* Of two parts of the same kind. A number behind a dot that begins with a zero is a fraction. */
static int compare_parts(const struct part *a, const struct part *b)
{
    switch (a->kind) {
    case PART_NUMBER:
        if (rb_span_begins_with(a->text, '0') || rb_span_begins_with(b->text, '0'))
            return rb_span_compare_bytes(a->text, b->text);
        return rb_span_compare_numbers(a->text, b->text);
    case PART_FIRST_NUMBER:
    case PART_SUFFIX_NUMBER:
    case PART_REVISION:
        return rb_span_compare_numbers(a->text, b->text);
    case PART_SUFFIX:
        return (a->suffix > b->suffix) - (a->suffix < b->suffix);
    case PART_LETTER:
    case PART_COMMIT:
        return rb_span_compare_bytes(a->text, b->text);
    case PART_END:
    case PART_INVALID:
        break;
    }
    return 0;
}

static bool is_before(const struct part *part)
{
    return part->kind == PART_SUFFIX && part->suffix < SUFFIXES_BEFORE;
}

int rb_version_compare_apk(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return (*a != '\0') - (*b != '\0');
    struct part left = first_part(a), right = first_part(b);
    while (left.kind == right.kind && left.kind < PART_END) {
        int difference = compare_parts(&left, &right);
        if (difference != 0)
            return difference;
        next_part(&left);
        next_part(&right);
    }
    if (is_before(&left) != is_before(&right))
        return (int)is_before(&right) - (int)is_before(&left);
    return (right.kind > left.kind) - (right.kind < left.kind);
}

bool rb_version_is_apk(const char *version)
{
    struct part part = first_part(version);
    while (part.kind < PART_END)
        next_part(&part);
    return part.kind == PART_END;
}

const struct rb_version_order rb_version_apk = {
    .name = "apk", .compare = rb_version_compare_apk, .is_version = rb_version_is_apk};
