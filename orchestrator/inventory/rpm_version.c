/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of rpm's versions (rpm-version(7); rpmio/rpmver.c and rpmio/rpmvercmp.c of rpm). A
 * version is runs of digits and runs of letters; all between them only parts them. '~' sorts before
 * all, the end included; '^' behind the end, but before any other run.
 */
#include <limits.h>
#include <string.h>

#include "rebake/inventory/version.h"

/* A piece of a version: begin up to, not including, end. */
struct span {
    const char *begin;
    const char *end;
};

struct parts {
    struct span epoch;
    struct span version;
    struct span release;
    bool has_release;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool begins_with(const struct span *span, char c)
{
    return span->begin < span->end && *span->begin == c;
}

static void skip_separators(struct span *span)
{
    while (span->begin < span->end && !is_digit(*span->begin) && !is_letter(*span->begin) &&
           *span->begin != '~' && *span->begin != '^')
        span->begin++;
}

/* Cuts off the run that the span begins with, of characters of a class. */
static struct span take_run(struct span *span, bool (*is_of_class)(char c))
{
    struct span run = {span->begin, span->begin};
    while (run.end < span->end && is_of_class(*run.end))
        run.end++;
    span->begin = run.end;
    return run;
}

static int compare_bytes(struct span a, struct span b)
{
    size_t a_size = (size_t)(a.end - a.begin), b_size = (size_t)(b.end - b.begin);
    int difference = memcmp(a.begin, b.begin, a_size < b_size ? a_size : b_size);
    return difference != 0 ? difference : (a_size > b_size) - (a_size < b_size);
}

/* Of any size: without leading zeros, the longer one is the larger. */
static int compare_numbers(struct span a, struct span b)
{
    while (begins_with(&a, '0'))
        a.begin++;
    while (begins_with(&b, '0'))
        b.begin++;
    if (a.end - a.begin != b.end - b.begin)
        return a.end - a.begin > b.end - b.begin ? 1 : -1;
    return compare_bytes(a, b);
}

/* Both begin with a letter or a digit. A number is newer than a word. */
static int compare_runs(struct span *a, struct span *b)
{
    bool a_is_number = is_digit(*a->begin), b_is_number = is_digit(*b->begin);
    if (a_is_number != b_is_number)
        return (int)a_is_number - (int)b_is_number;
    struct span a_run = take_run(a, a_is_number ? is_digit : is_letter);
    struct span b_run = take_run(b, a_is_number ? is_digit : is_letter);
    return a_is_number ? compare_numbers(a_run, b_run) : compare_bytes(a_run, b_run);
}

static int compare_part(struct span a, struct span b)
{
    for (;;) {
        skip_separators(&a);
        skip_separators(&b);
        bool a_ended = a.begin == a.end, b_ended = b.begin == b.end;
        bool a_tilde = begins_with(&a, '~'), b_tilde = begins_with(&b, '~');
        bool a_caret = begins_with(&a, '^'), b_caret = begins_with(&b, '^');
        if (a_tilde != b_tilde)
            return (int)b_tilde - (int)a_tilde;
        if (a_caret != b_caret && (a_ended || b_ended))
            return (int)b_ended - (int)a_ended;
        if (a_caret != b_caret)
            return (int)b_caret - (int)a_caret;
        if (a_ended || b_ended)
            return (int)b_ended - (int)a_ended;
        if (a_tilde || a_caret) {
            a.begin++;
            b.begin++;
            continue;
        }
        int difference = compare_runs(&a, &b);
        if (difference != 0)
            return difference;
    }
}

static struct parts split(const char *version)
{
    static const char zero[] = "0";
    const char *end = version + strlen(version), *at = version;
    struct parts parts = {.epoch = {zero, zero + 1}};
    while (is_digit(*at))
        at++;
    const char *dash = strrchr(at, '-');
    if (*at == ':') {
        if (at > version)
            parts.epoch = (struct span){version, at};
        version = at + 1;
    }
    parts.has_release = dash != NULL;
    parts.version = (struct span){version, dash != NULL ? dash : end};
    parts.release = (struct span){dash != NULL ? dash + 1 : end, end};
    return parts;
}

int rb_version_compare_rpm(const char *a, const char *b)
{
    /* rpm knows no empty version; nothing is older than any. */
    if (*a == '\0' || *b == '\0')
        return (*a != '\0') - (*b != '\0');
    struct parts left = split(a), right = split(b);
    int difference = compare_part(left.epoch, right.epoch);
    if (difference == 0)
        difference = compare_part(left.version, right.version);
    if (difference == 0 && left.has_release && right.has_release)
        return compare_part(left.release, right.release);
    return difference != 0 ? difference : (int)left.has_release - (int)right.has_release;
}

static bool is_epoch(struct span epoch)
{
    long long value = 0;
    for (const char *at = epoch.begin; at < epoch.end; at++) {
        value = value * 10 + (*at - '0');
        if (value > UINT_MAX)
            return false;
    }
    return true;
}

/* rpmbuild takes fewer characters today; rpm installs what others once took. */
static bool is_part(struct span part)
{
    for (const char *at = part.begin; at < part.end; at++) {
        if (*at <= ' ' || *at > '~' || *at == '-' || *at == ':')
            return false;
    }
    return part.begin < part.end;
}

bool rb_version_is_rpm(const char *version)
{
    struct parts parts = split(version);
    return *version != ':' && is_epoch(parts.epoch) && is_part(parts.version) &&
           (!parts.has_release || is_part(parts.release));
}

const struct rb_version_order rb_version_rpm = {"rpm", rb_version_compare_rpm, rb_version_is_rpm};
