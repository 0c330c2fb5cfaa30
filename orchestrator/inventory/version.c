/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions are compared where they stand, without being taken apart into new strings: a planner
 * asks this question for every package of every image.
 */
#include "rebake/inventory/version.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "version_span.h"

/* The weight of the byte at `at`: '~' sorts before the end of the text, letters before all other
   characters. A digit ends the run of non-digits as the end of the text does. */
static int weight(const char *at, const char *end)
{
    if (at == end || rb_span_is_digit(*at))
        return 0;
    if (*at == '~')
        return -1;
    return rb_span_is_letter(*at) ? *at : (unsigned char)*at + 256;
}

/* Compares the numbers that start at *a and *b and moves behind them. Of any size: without leading
   zeros, the longer one is the larger, and among equally long ones the first digit that differs
   decides. */
static int compare_number(const char **a, const char *a_end, const char **b, const char *b_end)
{
    while (*a < a_end && **a == '0')
        ++*a;
    while (*b < b_end && **b == '0')
        ++*b;
    int first_difference = 0;
    for (;; ++*a, ++*b) {
        bool in_a = *a < a_end && rb_span_is_digit(**a);
        bool in_b = *b < b_end && rb_span_is_digit(**b);
        if (!in_a || !in_b)
            return in_a != in_b ? (int)in_a - (int)in_b : first_difference;
        if (first_difference == 0)
            first_difference = **a - **b;
    }
}

/* Runs of non-digits and of digits by turns, as lib/dpkg/version.c of dpkg defines it. */
static int compare_part(struct rb_span a, struct rb_span b)
{
    while (a.begin < a.end || b.begin < b.end) {
        while ((a.begin < a.end && !rb_span_is_digit(*a.begin)) ||
               (b.begin < b.end && !rb_span_is_digit(*b.begin))) {
            int difference = weight(a.begin, a.end) - weight(b.begin, b.end);
            if (difference != 0)
                return difference;
            a.begin++;
            b.begin++;
        }
        int difference = compare_number(&a.begin, a.end, &b.begin, b.end);
        if (difference != 0)
            return difference;
    }
    return 0;
}

struct parts {
    struct rb_span epoch; /* empty where there is none */
    struct rb_span upstream;
    struct rb_span revision; /* empty where there is none: the same as "0" */
};

static struct parts split(const char *version)
{
    const char *begin = version;
    const char *end = version + strlen(version);
    struct parts parts = {.epoch = {begin, begin}};
    const char *at = begin;
    while (rb_span_is_digit(*at))
        at++;
    if (*at == ':') {
        parts.epoch.end = at;
        begin = at + 1;
    }
    const char *hyphen = memrchr(begin, '-', (size_t)(end - begin));
    parts.upstream = (struct rb_span){begin, hyphen == NULL ? end : hyphen};
    parts.revision = (struct rb_span){hyphen == NULL ? end : hyphen + 1, end};
    return parts;
}

int rb_version_compare_deb(const char *a, const char *b)
{
    /* dpkg lets no version at all be older than any. */
    if (*a == '\0' || *b == '\0')
        return (*a != '\0') - (*b != '\0');
    struct parts left = split(a);
    struct parts right = split(b);
    int difference =
        compare_number(&left.epoch.begin, left.epoch.end, &right.epoch.begin, right.epoch.end);
    if (difference == 0)
        difference = compare_part(left.upstream, right.upstream);
    if (difference == 0)
        difference = compare_part(left.revision, right.revision);
    return difference;
}

static bool is_epoch(const char *begin, const char *end)
{
    int64_t value = 0;
    for (const char *at = begin; at < end; at++) {
        if (!rb_span_is_digit(*at))
            return false;
        value = value * 10 + (*at - '0');
        if (value > INT_MAX)
            return false;
    }
    return begin < end;
}

bool rb_version_is_deb(const char *version)
{
    for (const char *at = version; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
    }
    const char *upstream = version;
    const char *colon = strchr(version, ':');
    if (colon != NULL) {
        if (!is_epoch(version, colon))
            return false;
        upstream = colon + 1;
    }
    const char *hyphen = strrchr(upstream, '-');
    if (hyphen == NULL)
        return *upstream != '\0';
    return hyphen > upstream && hyphen[1] != '\0';
}

const struct rb_version_order rb_version_deb = {
    .name = "deb", .compare = rb_version_compare_deb, .is_version = rb_version_is_deb};
