/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/match.h"

#include <string.h>

#include "finding.h"
#include "range.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "set_format.h"
#include "subject.h"

static const char *const verdict_names[] = {
    [RB_VERDICT_AFFECTED] = "affected", [RB_VERDICT_UNDETERMINED] = "undetermined",
    [RB_VERDICT_UNJUDGED] = "unjudged", [RB_VERDICT_NOT_AFFECTED] = "not-affected",
    [RB_VERDICT_OUTSIDE] = "outside",
};

/* What is matched, with what, and what came of it. */
struct matcher {
    const struct subject *subject;
    const struct rb_advisory_source *source;
    struct rb_arena *arena;
    const char *key;
    const struct subject_name *name;
    struct rb_advisory_match *matches;
    size_t count;
    size_t capacity;
    size_t first_of_source;
};

const char *rb_verdict_name(enum rb_verdict verdict)
{
    return verdict_names[verdict];
}

static const char *text_at(const struct matcher *matcher, uint32_t place)
{
    return matcher->source->set->strings + place;
}

static const char *range_text(const struct matcher *matcher, const struct rb_range_place *place)
{
    const char *version = place->end == NULL ? "" : text_at(matcher, place->end->version);
    const char *sign =
        place->end != NULL && place->end->kind == RB_EVENT_LAST_AFFECTED ? "<=" : "<";
    if (*place->from == '\0')
        return place->end == NULL ? "all versions"
                                  : rb_arena_printf(matcher->arena, "%s %s", sign, version);
    return place->end == NULL
               ? rb_arena_printf(matcher->arena, ">= %s", place->from)
               : rb_arena_printf(matcher->arena, ">= %s, %s %s", place->from, sign, version);
}

static void set_unjudged(const struct matcher *matcher, struct rb_advisory_match *match,
                         const char *version, const struct rb_version_order *order)
{
    match->verdict = RB_VERDICT_UNJUDGED;
    match->cause =
        order == NULL
            ? rb_arena_printf(matcher->arena, "versions of %s have no order that is known here",
                              matcher->subject->ecosystem)
            : rb_arena_printf(matcher->arena, "\"%.80s\" is no version as %s orders them", version,
                              order->name);
}

/* A package of an rpm module and one that is of none have the same name and nothing in common. */
static bool is_of_module(const char *version)
{
    return strstr(version, ".module") != NULL || strstr(version, "+module") != NULL;
}

/* The distribution that a release is made for: "el9" in "4.4-2.el9_4.1"; of size 0 where it does
   not say. */
static const char *find_dist(const char *version, size_t *ret_size)
{
    static const char *const DISTS[] = {".el", ".fc", ".amzn", ".azl", ".cm", ".oe", ".mga", ".lp"};
    *ret_size = 0;
    for (size_t i = 0; i < RB_COUNT_OF(DISTS); i++) {
        const char *found = strstr(version, DISTS[i]);
        size_t letters = strlen(DISTS[i]);
        size_t digits = found == NULL ? 0 : strspn(found + letters, "0123456789");
        if (digits > 0) {
            *ret_size = letters + digits;
            return found;
        }
    }
    return version;
}

/* A repository's updateinfo does not say whose it is: its releases do. */
static bool is_for_other_distribution(const struct matcher *matcher, const char *fixed)
{
    size_t ours, theirs;
    const char *own = find_dist(matcher->name->version, &ours);
    const char *other = find_dist(fixed, &theirs);
    return rb_text_equal(matcher->key, "rpm") && ours > 0 && theirs > 0 &&
           (ours != theirs || memcmp(own, other, ours) != 0);
}

static bool is_of_others(const struct matcher *matcher, const struct rb_set_range *range)
{
    const struct rb_set_event *events = matcher->source->set->events + range->events.first;
    if (!matcher->subject->is_rpm)
        return false;
    for (uint32_t i = 0; i < range->events.count; i++) {
        const char *fixed = text_at(matcher, events[i].version);
        if (events[i].kind == RB_EVENT_FIXED)
            return is_of_module(fixed) != is_of_module(matcher->name->version) ||
                   is_for_other_distribution(matcher, fixed);
    }
    return false;
}

/* True when the version is within, which ends the search. */
static bool judge_range(const struct matcher *matcher, const struct rb_set_range *range,
                        struct rb_advisory_match *match)
{
    const struct rb_advisory_set *set = matcher->source->set;
    const char *version = matcher->name->version;
    const struct rb_version_order *order =
        range->type == RB_RANGE_SEMVER ? &rb_range_semver : matcher->subject->order;
    if (range->type != RB_RANGE_SEMVER && range->type != RB_RANGE_ECOSYSTEM)
        return false;
    if (order == NULL || !order->is_version(version)) {
        set_unjudged(matcher, match, version, order);
        return false;
    }
    if (is_of_others(matcher, range))
        return false;
    struct rb_range_place place = rb_range_find(order, version, set->events + range->events.first,
                                                range->events.count, set->strings);
    if (place.not_a_version != NULL)
        set_unjudged(matcher, match, place.not_a_version, order);
    if (!place.is_within)
        return false;
    match->verdict = RB_VERDICT_AFFECTED;
    match->range = range_text(matcher, &place);
    match->fixed_version = place.fixed;
    return true;
}

static bool is_listed(const struct matcher *matcher, const struct rb_set_entry *entry,
                      struct rb_advisory_match *match)
{
    const uint32_t *words = matcher->source->set->words + entry->versions.first;
    const struct rb_version_order *order = matcher->subject->order;
    const char *version = matcher->name->version;
    for (uint32_t i = 0; i < entry->versions.count; i++) {
        const char *listed = text_at(matcher, words[i]);
        if (strcmp(listed, version) != 0 &&
            (order == NULL || !order->is_version(version) || !order->is_version(listed) ||
             order->compare(listed, version) != 0))
            continue;
        match->verdict = RB_VERDICT_AFFECTED;
        match->range = rb_arena_printf(matcher->arena, "= %s", listed);
        return true;
    }
    return false;
}

/* An updateinfo names the stream that a fix is of, "perl:5.26". */
static bool is_of_other_stream(const struct matcher *matcher, const struct rb_set_entry *entry)
{
    const char *own = matcher->subject->module, *stream = text_at(matcher, entry->suffix);
    size_t size = strlen(stream);
    return rb_text_equal(matcher->key, "rpm") && size > 0 && *own != '\0' &&
           !(strncmp(own, stream, size) == 0 && (own[size] == ':' || own[size] == '\0'));
}

static void judge(const struct matcher *matcher, const struct rb_set_entry *entry,
                  struct rb_advisory_match *match)
{
    match->verdict = RB_VERDICT_OUTSIDE;
    if (is_of_other_stream(matcher, entry))
        return;
    if (entry->status == RB_STATUS_NOT_AFFECTED) {
        match->verdict = RB_VERDICT_NOT_AFFECTED;
        return;
    }
    if (entry->status == RB_STATUS_UNDETERMINED) {
        match->verdict = RB_VERDICT_UNDETERMINED;
        return;
    }
    for (uint32_t i = 0; i < entry->ranges.count; i++) {
        if (judge_range(matcher, &matcher->source->set->ranges[entry->ranges.first + i], match))
            break;
    }
    if (match->verdict == RB_VERDICT_AFFECTED || is_listed(matcher, entry, match))
        match->cause = "";
}

static struct rb_advisory_match judge_entry(const struct matcher *matcher,
                                            const struct rb_set_entry *entry)
{
    const struct rb_advisory_set *set = matcher->source->set;
    struct rb_advisory_match match = {
        .feed = matcher->source->feed,
        .advisory = text_at(matcher, set->advisories[entry->advisory].id),
        .origin = rb_advisory_set_origin(set),
        .ecosystem = text_at(matcher, entry->key),
        .suffix = text_at(matcher, entry->suffix),
        .package = text_at(matcher, entry->package),
        .version = matcher->name->version,
        .range = "",
        .status = (enum rb_advisory_status)entry->status,
        .urgency = text_at(matcher, entry->urgency),
        .postponed = text_at(matcher, entry->postponed),
        .reason = text_at(matcher, entry->reason),
        .cause = "",
        .set = set,
        .position = entry->advisory,
    };
    judge(matcher, entry, &match);
    return match;
}

/* An advisory may speak of a package more than once: its ranges in several entries, or its release
   and all releases. What says most counts. */
static struct rb_advisory_match *find_earlier(const struct matcher *matcher, size_t position)
{
    size_t end = matcher->count, begin = matcher->first_of_source;
    if (end > begin && matcher->matches[end - 1].position == position)
        return &matcher->matches[end - 1];
    if (matcher->key == matcher->subject->keys[0] && matcher->name == matcher->subject->names)
        return NULL;
    for (size_t i = begin; i < end; i++) {
        if (matcher->matches[i].position == position)
            return &matcher->matches[i];
    }
    return NULL;
}

static void add(struct matcher *matcher, const struct rb_advisory_match *match)
{
    struct rb_advisory_match *earlier = find_earlier(matcher, match->position);
    if (earlier != NULL) {
        if (match->verdict < earlier->verdict)
            *earlier = *match;
        return;
    }
    matcher->matches = rb_arena_grow(matcher->arena, matcher->matches, matcher->count,
                                     &matcher->capacity, sizeof(matcher->matches[0]));
    matcher->matches[matcher->count++] = *match;
}

/* About a repository's history alone, which the version of a package does not tell. */
static bool says_nothing(const struct rb_advisory_set *set, const struct rb_set_entry *entry)
{
    if (entry->status != RB_STATUS_UNTOLD || entry->versions.count > 0)
        return false;
    for (uint32_t i = 0; i < entry->ranges.count; i++) {
        uint32_t type = set->ranges[entry->ranges.first + i].type;
        if (type == RB_RANGE_SEMVER || type == RB_RANGE_ECOSYSTEM)
            return false;
    }
    return true;
}

static void match_name(struct matcher *matcher)
{
    const struct rb_advisory_set *set = matcher->source->set;
    size_t first,
        count = rb_advisory_set_find_package(set, matcher->key, matcher->name->name, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct rb_set_entry *entry = &set->entries[i];
        if (set->advisories[entry->advisory].withdrawn_at != 0 || says_nothing(set, entry))
            continue;
        struct rb_advisory_match match = judge_entry(matcher, entry);
        add(matcher, &match);
    }
}

size_t rb_advisory_match(const struct rb_inventory *inventory, const struct rb_package *package,
                         const struct rb_advisory_source *sources, size_t source_count,
                         struct rb_arena *arena, struct rb_finding **ret_findings)
{
    struct subject subject;
    struct matcher matcher = {.subject = &subject, .arena = arena};
    *ret_findings = NULL;
    if (!rb_subject_of(inventory, package, arena, &subject))
        return 0;
    for (size_t i = 0; i < source_count; i++) {
        matcher.source = &sources[i];
        matcher.first_of_source = matcher.count;
        for (size_t key = 0; key < subject.key_count; key++) {
            for (size_t name = 0; name < subject.key_names[key]; name++) {
                matcher.key = subject.keys[key];
                matcher.name = &subject.names[name];
                match_name(&matcher);
            }
        }
    }
    return rb_findings_of(matcher.matches, matcher.count, sources, source_count, arena,
                          ret_findings);
}
