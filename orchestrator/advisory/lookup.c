/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/lookup.h"

#include <string.h>

#include "names.h"
#include "rebake/base/memory.h"

enum { WANTED_MAXIMUM = 1024, NAMED_MAXIMUM = 4096, PACKAGES_MAXIMUM = 10000 };

struct lookup {
    const struct rb_advisory_source *sources;
    size_t source_count;
    struct rb_arena *arena;
    const char *wanted[WANTED_MAXIMUM];
    size_t wanted_count;
    struct rb_vulnerable_package *packages;
    size_t package_capacity;
    struct rb_vulnerability *found;
    bool is_known;
};

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void want(struct lookup *lookup, const char *name)
{
    if (lookup->wanted_count < WANTED_MAXIMUM &&
        !is_among(lookup->wanted, lookup->wanted_count, name))
        lookup->wanted[lookup->wanted_count++] = name;
}

static void want_names(struct lookup *lookup, const char *name)
{
    struct names names;
    names_find(lookup->sources, lookup->source_count, name, lookup->arena, &names);
    for (size_t i = 0; i < names.count; i++)
        want(lookup, names.all[i]);
}

/* An advisory about several vulnerabilities is asked for by what it is about. */
static void want_upstream(struct lookup *lookup, const char *name)
{
    for (size_t i = 0; i < lookup->source_count; i++) {
        const struct rb_advisory_set *set = lookup->sources[i].set;
        size_t first, count = rb_advisory_set_find(set, name, &first);
        for (size_t j = first; j < first + count && j < first + NAMED_MAXIMUM; j++) {
            struct rb_advisory advisory;
            rb_advisory_set_names(set, rb_advisory_set_named(set, j), lookup->arena, &advisory);
            if (strcmp(advisory.id, name) != 0 || advisory.upstream_count < 2)
                continue;
            for (size_t k = 0; k < advisory.upstream_count; k++)
                want_names(lookup, advisory.upstream[k]);
        }
    }
}

static void add_package(struct lookup *lookup, const struct rb_affected *affected)
{
    struct rb_vulnerability *found = lookup->found;
    const struct rb_ecosystem_kind *kind = rb_ecosystem_kind_find(affected->ecosystem.name);
    if (kind == NULL || found->package_count == PACKAGES_MAXIMUM)
        return;
    for (size_t i = found->package_count; i-- > 0;) {
        if (lookup->packages[i].kind == kind &&
            strcmp(lookup->packages[i].name, affected->package) == 0)
            return;
    }
    lookup->packages = rb_arena_grow(lookup->arena, lookup->packages, found->package_count,
                                     &lookup->package_capacity, sizeof(lookup->packages[0]));
    lookup->packages[found->package_count++] =
        (struct rb_vulnerable_package){kind, affected->package};
}

/* What it tells beside the packages: the first summary and severity, the earliest time. */
static void describe(struct rb_vulnerability *found, const struct rb_advisory *advisory)
{
    if (*found->summary == '\0')
        found->summary = advisory->summary;
    if (found->severity_count == 0) {
        found->severities = advisory->severities;
        found->severity_count = advisory->severity_count;
    }
    if (advisory->published_at != 0 &&
        (found->published_at == 0 || advisory->published_at < found->published_at))
        found->published_at = advisory->published_at;
}

static void add_named(struct lookup *lookup, const struct rb_advisory_set *set, const char *name)
{
    size_t first, count = rb_advisory_set_find(set, name, &first);
    for (size_t i = first; i < first + count && i < first + NAMED_MAXIMUM; i++) {
        struct rb_advisory advisory;
        rb_advisory_set_get(set, rb_advisory_set_named(set, i), lookup->arena, &advisory);
        lookup->is_known = true;
        if (advisory.withdrawn_at != 0)
            continue;
        if (advisory.upstream_count < 2)
            describe(lookup->found, &advisory);
        for (size_t j = 0; j < advisory.affected_count; j++)
            add_package(lookup, &advisory.affected[j]);
    }
}

bool rb_advisory_look_up(const char *name, const struct rb_advisory_source *sources, size_t count,
                         struct rb_arena *arena, struct rb_vulnerability *ret_vulnerability)
{
    struct lookup *lookup = rb_arena_array(arena, 1, sizeof(*lookup));
    *lookup = (struct lookup){
        .sources = sources, .source_count = count, .arena = arena, .found = ret_vulnerability};
    *ret_vulnerability = (struct rb_vulnerability){.summary = ""};
    want_names(lookup, name);
    want_upstream(lookup, name);
    for (size_t i = 0; i < lookup->wanted_count; i++) {
        for (size_t j = 0; j < count; j++)
            add_named(lookup, sources[j].set, lookup->wanted[i]);
    }
    ret_vulnerability->id = lookup->wanted[0];
    ret_vulnerability->names = lookup->wanted;
    ret_vulnerability->name_count = lookup->wanted_count;
    ret_vulnerability->packages = lookup->packages;
    return lookup->is_known;
}

bool rb_vulnerability_is(const struct rb_vulnerability *vulnerability,
                         const struct rb_finding *finding)
{
    for (size_t i = 0; i < finding->name_count; i++) {
        if (is_among(vulnerability->names, vulnerability->name_count, finding->names[i]))
            return true;
    }
    return false;
}
