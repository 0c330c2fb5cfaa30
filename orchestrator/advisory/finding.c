/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each match is about one vulnerability or more: what its advisory is about (upstream), or else the
 * advisory itself. A vulnerability's names are all that aliases lead to, in any set; the one that
 * they are sorted under is the same from wherever the search begins.
 */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    NAMES_MAXIMUM = 64, /* of one vulnerability */
    NAMED_MAXIMUM = 256 /* advisories of one name that are looked at */
};

struct names {
    const char *all[NAMES_MAXIMUM];
    size_t count;
};

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

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->all[i], name) == 0)
            return true;
    }
    return false;
}

static void add_name(struct names *names, const char *name)
{
    if (names->count < NAMES_MAXIMUM && !has_name(names, name))
        names->all[names->count++] = name;
}

static bool is_among(const char *const *texts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], name) == 0)
            return true;
    }
    return false;
}

/* What one advisory adds to the names that it shares one with: its own and its aliases; and where
   it is about a single other, as a distribution's record of a CVE is, that one. */
static void add_names_of(struct names *names, const struct rb_advisory *advisory, const char *name)
{
    bool is_it =
        strcmp(advisory->id, name) == 0 || is_among(advisory->aliases, advisory->alias_count, name);
    bool is_about_it = advisory->upstream_count == 1 && strcmp(advisory->upstream[0], name) == 0;
    if (advisory->withdrawn_at != 0 || (!is_it && !is_about_it))
        return;
    if (advisory->upstream_count > 1)
        return;
    add_name(names, advisory->id);
    for (size_t i = 0; i < advisory->alias_count; i++)
        add_name(names, advisory->aliases[i]);
    for (size_t i = 0; i < advisory->upstream_count; i++)
        add_name(names, advisory->upstream[i]);
}

static void add_named(struct finder *finder, const struct rb_advisory_set *set, const char *name,
                      struct names *names)
{
    size_t first, count = rb_advisory_set_find(set, name, &first);
    for (size_t i = first; i < first + count && i < first + NAMED_MAXIMUM; i++) {
        struct rb_advisory advisory;
        rb_advisory_set_names(set, rb_advisory_set_named(set, i), finder->arena, &advisory);
        add_names_of(names, &advisory, name);
    }
}

static void find_names(struct finder *finder, const char *name, struct names *ret_names)
{
    *ret_names = (struct names){.all = {name}, .count = 1};
    for (size_t i = 0; i < ret_names->count; i++) {
        const char *next = ret_names->all[i];
        for (size_t j = 0; j < finder->source_count; j++)
            add_named(finder, finder->sources[j].set, next, ret_names);
    }
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted, but for the first CVE, which is put before all. */
static void sort_names(struct names *names)
{
    qsort(names->all, names->count, sizeof(names->all[0]), compare_texts);
    for (size_t i = 0; i < names->count; i++) {
        if (!rb_text_starts_with(names->all[i], "CVE-"))
            continue;
        const char *cve = names->all[i];
        memmove(names->all + 1, names->all, i * sizeof(names->all[0]));
        names->all[0] = cve;
        return;
    }
}

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
    find_names(finder, name, &names);
    sort_names(&names);
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
