/* SPDX-License-Identifier: Apache-2.0 */
/* Each match is about one vulnerability or more: what its advisory is about (upstream), or else the
   advisory itself. */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "rebake/base/memory.h"

/* A vulnerability that a match is about. */
struct about {
    const char *id;
    const char *const *names;
    size_t name_count;
    const struct rb_advisory_match *match;
};

/* A name of a vulnerability that is a finding. */
struct known_name {
    const char *name;
    const struct about *about;
};

struct finder {
    const struct rb_advisory_source *sources;
    size_t source_count;
    struct rb_arena *arena;
    struct about *abouts;
    size_t count;
    size_t capacity;
    struct known_name *known;
    size_t known_count;
};

static void add_about(struct finder *finder, struct about about)
{
    finder->abouts = rb_arena_grow(finder->arena, finder->abouts, finder->count, &finder->capacity,
                                   sizeof(finder->abouts[0]));
    finder->abouts[finder->count++] = about;
}

static void add_pending(struct finder *finder, const struct rb_advisory_match *match,
                        const char *name)
{
    struct names names;
    names_find(finder->sources, finder->source_count, name, finder->arena, &names);
    const char **copy = rb_arena_array(finder->arena, names.count, sizeof(*copy));
    memcpy(copy, names.all, names.count * sizeof(*copy));
    add_about(finder, (struct about){copy[0], copy, names.count, match});
}

static void names_of_match(const struct finder *finder, const struct rb_advisory_match *match,
                           struct rb_advisory *ret_advisory)
{
    rb_advisory_set_names(match->set, match->position, finder->arena, ret_advisory);
}

static void add_all_pending(struct finder *finder, const struct rb_advisory_match *matches,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rb_advisory advisory;
        if (!is_pending(matches[i].verdict))
            continue;
        names_of_match(finder, &matches[i], &advisory);
        for (size_t j = 0; j < advisory.upstream_count; j++)
            add_pending(finder, &matches[i], advisory.upstream[j]);
        if (advisory.upstream_count == 0)
            add_pending(finder, &matches[i], advisory.id);
    }
}

static int compare_known(const void *left, const void *right)
{
    const struct known_name *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static void list_known(struct finder *finder)
{
    size_t count = 0;
    for (size_t i = 0; i < finder->count; i++)
        count += finder->abouts[i].name_count;
    finder->known = rb_arena_array(finder->arena, count, sizeof(finder->known[0]));
    for (size_t i = 0; i < finder->count; i++) {
        for (size_t j = 0; j < finder->abouts[i].name_count; j++)
            finder->known[finder->known_count++] =
                (struct known_name){finder->abouts[i].names[j], &finder->abouts[i]};
    }
    if (count > 0)
        qsort(finder->known, count, sizeof(finder->known[0]), compare_known);
}

static void add_denial(struct finder *finder, const struct rb_advisory_match *match,
                       const char *name)
{
    struct known_name key = {.name = name};
    const struct known_name *known =
        finder->known_count == 0
            ? NULL
            : bsearch(&key, finder->known, finder->known_count, sizeof(key), compare_known);
    if (known == NULL)
        return;
    struct about about = *known->about;
    about.match = match;
    add_about(finder, about);
}

/* What denies that the package has it counts only where something else says that it has. */
static void add_denials(struct finder *finder, const struct rb_advisory_match *matches,
                        size_t count)
{
    struct about *pending = finder->abouts; /* what is known by name stays where it was */
    finder->abouts = rb_arena_array(finder->arena, finder->count + 1, sizeof(*pending));
    if (finder->count > 0)
        memcpy(finder->abouts, pending, finder->count * sizeof(*pending));
    finder->capacity = finder->count;
    for (size_t i = 0; i < count; i++) {
        struct rb_advisory advisory;
        if (is_pending(matches[i].verdict))
            continue;
        names_of_match(finder, &matches[i], &advisory);
        for (size_t j = 0; j < advisory.upstream_count; j++)
            add_denial(finder, &matches[i], advisory.upstream[j]);
        if (advisory.upstream_count == 0)
            add_denial(finder, &matches[i], advisory.id);
        for (size_t j = 0; j < advisory.alias_count && advisory.upstream_count == 0; j++)
            add_denial(finder, &matches[i], advisory.aliases[j]);
    }
}

/* How much a match's word counts: the distribution's before others', as long as it decides; then
   what says most. */
static int weight_of(const struct rb_advisory_match *match)
{
    bool is_own = match->origin == RB_ORIGIN_DISTRIBUTION;
    bool decides =
        match->verdict != RB_VERDICT_UNDETERMINED && match->verdict != RB_VERDICT_UNJUDGED;
    int verdict = (int)match->verdict;
    if (is_own && decides)
        return verdict;
    return 10 + verdict * 2 + (is_own ? 0 : 1);
}

static int compare_abouts(const void *left, const void *right)
{
    const struct about *a = left, *b = right;
    int difference = strcmp(a->id, b->id);
    if (difference == 0)
        difference = weight_of(a->match) - weight_of(b->match);
    if (difference == 0)
        difference = strcmp(a->match->feed, b->match->feed);
    if (difference == 0)
        difference = strcmp(a->match->advisory, b->match->advisory);
    return difference != 0 ? difference : (a->match > b->match) - (a->match < b->match);
}

static struct rb_finding make_finding(const struct finder *finder, const struct about *abouts,
                                      size_t count)
{
    struct rb_advisory_match *matches = rb_arena_array(finder->arena, count, sizeof(*matches));
    bool affected = false, denied = false;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && abouts[i].match == abouts[i - 1].match)
            continue; /* about it under two names */
        matches[kept++] = *abouts[i].match;
        affected |= abouts[i].match->verdict == RB_VERDICT_AFFECTED;
        denied |= !is_pending(abouts[i].match->verdict);
    }
    return (struct rb_finding){
        .id = abouts[0].id,
        .names = abouts[0].names,
        .name_count = abouts[0].name_count,
        .verdict = matches[0].verdict,
        .matches = matches,
        .match_count = kept,
        .has_conflict = affected && denied,
    };
}

size_t rb_findings_of(const struct rb_advisory_match *matches, size_t count,
                      const struct rb_advisory_source *sources, size_t source_count,
                      struct rb_arena *arena, struct rb_finding **ret_findings)
{
    struct finder finder = {.sources = sources, .source_count = source_count, .arena = arena};
    size_t found = 0;
    *ret_findings = NULL;
    add_all_pending(&finder, matches, count);
    if (finder.count == 0)
        return 0;
    list_known(&finder);
    add_denials(&finder, matches, count);
    qsort(finder.abouts, finder.count, sizeof(finder.abouts[0]), compare_abouts);
    struct rb_finding *findings = rb_arena_array(arena, finder.count, sizeof(*findings));
    for (size_t i = 0, end; i < finder.count; i = end) {
        end = i + 1;
        while (end < finder.count && strcmp(finder.abouts[end].id, finder.abouts[i].id) == 0)
            end++;
        findings[found++] = make_finding(&finder, &finder.abouts[i], end - i);
    }
    *ret_findings = findings;
    return found;
}
