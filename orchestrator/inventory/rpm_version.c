/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of rpm's versions (rpm-version(7); rpmio/rpmver.c and rpmio/rpmvercmp.c of rpm). A
 * version is runs of digits and runs of letters; all between them only parts them. '~' sorts before
 * all, the end included; '^' behind the end, but before any other run.
 */
#include <limits.h>
#include <string.h>

#include "rebake/inventory/version.h"
#include "version_span.h"

struct parts {
    struct rb_span epoch;
    struct rb_span version;
    struct rb_span release;
    bool has_release;
};

static void skip_separators(struct rb_span *span)
{
    while (span->begin < span->end && !rb_span_is_digit(*span->begin) &&
           !rb_span_is_letter(*span->begin) && *span->begin != '~' && *span->begin != '^')
        span->begin++;
}

/* Both begin with a letter or a digit. A number is newer than a word. */
static int compare_runs(struct rb_span *a, struct rb_span *b)
{
    bool a_is_number = rb_span_is_digit(*a->begin), b_is_number = rb_span_is_digit(*b->begin);
    if (a_is_number != b_is_number)
        return (int)a_is_number - (int)b_is_number;
    bool (*is_of_class)(char c) = a_is_number ? rb_span_is_digit : rb_span_is_letter;
    struct rb_span a_run = rb_span_take(a, is_of_class);
    struct rb_span b_run = rb_span_take(b, is_of_class);
    return a_is_number ? rb_span_compare_numbers(a_run, b_run)
                       : rb_span_compare_bytes(a_run, b_run);
}

static int compare_part(struct rb_span a, struct rb_span b)
{
    for (;;) {
        skip_separators(&a);
        skip_separators(&b);
        bool a_ended = a.begin == a.end, b_ended = b.begin == b.end;
        bool a_tilde = rb_span_begins_with(a, '~'), b_tilde = rb_span_begins_with(b, '~');
        bool a_caret = rb_span_begins_with(a, '^'), b_caret = rb_span_begins_with(b, '^');
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
    while (rb_span_is_digit(*at))
        at++;
    const char *dash = strrchr(at, '-');
    if (*at == ':') {
        if (at > version)
            parts.epoch = (struct rb_span){version, at};
        version = at + 1;
    }
    parts.has_release = dash != NULL;
    parts.version = (struct rb_span){version, dash != NULL ? dash : end};
    parts.release = (struct rb_span){dash != NULL ? dash + 1 : end, end};
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

static bool is_epoch(struct rb_span epoch)
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
static bool is_part(struct rb_span part)
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

const struct rb_version_order rb_version_rpm = {
    .name = "rpm", .compare = rb_version_compare_rpm, .is_version = rb_version_is_rpm};
