/* SPDX-License-Identifier: Apache-2.0 */
#include "range.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "rebake/advisory/advisory.h"
#include "rebake/base/semver.h"
#include "rebake/base/text.h"

enum { PADDED_SIZE = RB_SEMVER_MAXIMUM + 16 };

static const char *skip_number(const char *text)
{
    while (isdigit((unsigned char)*text))
        text++;
    return text;
}

/* Puts what is missing of three numbers behind those that are there, and a dash before "rc2". */
static bool pad(const char *text, char *padded)
{
    const char *at = text;
    int numbers = 0;
    while (numbers < 3 && isdigit((unsigned char)*at)) {
        at = skip_number(at);
        numbers++;
        if (*at != '.' || !isdigit((unsigned char)at[1]))
            break;
        at++;
    }
    const char *missing = numbers == 1 ? ".0.0" : numbers == 2 ? ".0" : "";
    const char *rest = at;
    size_t word = strspn(rest, "abcdefghijklmnopqrstuvwxyz");
    const char *dash = word == 0 ? "" : "-", *dot = word == 0 ? "" : ".";
    int size = snprintf(padded, PADDED_SIZE, "%.*s%s%s%.*s%s%s", (int)(at - text), text, missing,
                        dash, (int)word, rest, dot, rest + word);
    return numbers > 0 && size > 0 && size < PADDED_SIZE;
}

/* version's prerelease is in text or in padded. */
static bool parse(const char *text, char *padded, struct rb_semver *ret_version)
{
    if (strlen(text) > RB_SEMVER_MAXIMUM)
        return false;
    if (rb_semver_parse(text, ret_version))
        return true;
    if (rb_text_starts_with(text, "go"))
        text += 2;
    if (*text == 'v')
        text++;
    return pad(text, padded) && rb_semver_parse(padded, ret_version);
}

static bool is_semver(const char *text)
{
    char padded[PADDED_SIZE];
    struct rb_semver version;
    return parse(text, padded, &version);
}

static int compare_semver(const char *a, const char *b)
{
    char a_padded[PADDED_SIZE], b_padded[PADDED_SIZE];
    struct rb_semver a_version, b_version;
    bool a_is = parse(a, a_padded, &a_version), b_is = parse(b, b_padded, &b_version);
    if (a_is && b_is)
        return rb_semver_compare(&a_version, &b_version);
    return a_is != b_is ? (int)a_is - (int)b_is : strcmp(a, b);
}

const struct rb_version_order rb_range_semver = {
    .name = "semver", .compare = compare_semver, .is_version = is_semver};

const struct rb_version_order *rb_range_order(const char *name)
{
    return strcmp(name, rb_range_semver.name) == 0 ? &rb_range_semver : rb_version_order_find(name);
}

/* A judgement of one version in one range. */
struct finder {
    const struct rb_version_order *order;
    const char *version;
    const char *strings;
    const struct rb_set_event *last; /* of those that were passed, the one that comes last */
    const struct rb_set_event *next; /* that ends the range */
    const struct rb_set_event *fix;
    bool has_limit;
    bool is_below_limit;
};

static const char *version_of(const struct finder *finder, const struct rb_set_event *event)
{
    return finder->strings + event->version;
}

/* Before all others, whatever the order makes of "0". */
static bool is_start(const struct finder *finder, const struct rb_set_event *event)
{
    return event->kind == RB_EVENT_INTRODUCED && rb_text_equal(version_of(finder, event), "0");
}

/* Of two events of one version the one that is listed last counts. */
static void pass(struct finder *finder, const struct rb_set_event *event)
{
    const struct rb_set_event *last = finder->last;
    if (last == NULL || is_start(finder, last) ||
        (!is_start(finder, event) &&
         finder->order->compare(version_of(finder, event), version_of(finder, last)) >= 0))
        finder->last = event;
}

static bool is_before(const struct finder *finder, const struct rb_set_event *event,
                      const struct rb_set_event *other)
{
    return other == NULL ||
           finder->order->compare(version_of(finder, event), version_of(finder, other)) < 0;
}

static void take_limit(struct finder *finder, const struct rb_set_event *event, int difference)
{
    finder->has_limit = true;
    if (difference < 0) {
        finder->is_below_limit = true;
        if (is_before(finder, event, finder->next))
            finder->next = event;
    }
}

static void take_event(struct finder *finder, const struct rb_set_event *event)
{
    int difference = finder->order->compare(finder->version, version_of(finder, event));
    if (event->kind == RB_EVENT_LIMIT) {
        take_limit(finder, event, difference);
        return;
    }
    bool is_passed = event->kind == RB_EVENT_LAST_AFFECTED ? difference > 0 : difference >= 0;
    if (is_passed) {
        pass(finder, event);
        return;
    }
    if (event->kind == RB_EVENT_INTRODUCED)
        return;
    if (is_before(finder, event, finder->next))
        finder->next = event;
    if (event->kind == RB_EVENT_FIXED && is_before(finder, event, finder->fix))
        finder->fix = event;
}

struct rb_range_place rb_range_find(const struct rb_version_order *order, const char *version,
                                    const struct rb_set_event *events, size_t count,
                                    const char *strings)
{
    struct finder finder = {.order = order, .version = version, .strings = strings};
    struct rb_range_place place = {0};
    for (size_t i = 0; i < count; i++) {
        const char *text = version_of(&finder, &events[i]);
        if (is_start(&finder, &events[i])) {
            pass(&finder, &events[i]);
        } else if (events[i].kind == RB_EVENT_LIMIT && strchr(text, '*') != NULL) {
            finder.has_limit = finder.is_below_limit = true;
        } else if (order->is_version(text)) {
            take_event(&finder, &events[i]);
        } else {
            place.not_a_version = text;
            return place;
        }
    }
    place.is_within = finder.last != NULL && finder.last->kind == RB_EVENT_INTRODUCED &&
                      (!finder.has_limit || finder.is_below_limit);
    if (place.is_within) {
        place.from = is_start(&finder, finder.last) ? "" : version_of(&finder, finder.last);
        place.end = finder.next;
        place.fixed = finder.fix == NULL ? NULL : version_of(&finder, finder.fix);
    }
    return place;
}
