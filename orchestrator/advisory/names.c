/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/text.h"

enum { NAMED_MAXIMUM = 256 /* advisories of one name that are looked at */ };

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

static void add_named(const struct rb_advisory_set *set, const char *name, struct rb_arena *arena,
                      struct names *names)
{
    size_t first, count = rb_advisory_set_find(set, name, &first);
    for (size_t i = first; i < first + count && i < first + NAMED_MAXIMUM; i++) {
        struct rb_advisory advisory;
        rb_advisory_set_names(set, rb_advisory_set_named(set, i), arena, &advisory);
        add_names_of(names, &advisory, name);
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

void names_find(const struct rb_advisory_source *sources, size_t count, const char *name,
                struct rb_arena *arena, struct names *ret_names)
{
    *ret_names = (struct names){.all = {name}, .count = 1};
    for (size_t i = 0; i < ret_names->count; i++) {
        const char *next = ret_names->all[i];
        for (size_t j = 0; j < count; j++)
            add_named(sources[j].set, next, arena, ret_names);
    }
    sort_names(ret_names);
}
