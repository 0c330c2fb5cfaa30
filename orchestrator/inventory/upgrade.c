/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The candidate of a package, as apt's policy chooses it: each version has the priority of the
 * first pin for the package that matches it, else the highest among the repositories that hold it
 * (the image's own status counts as one, of priority 100); of the highest priority above zero the
 * newest version; what is older than the installed one only from 1000 up.
 */
#include "rebake/inventory/upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "newest.h"
#include "preferences.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"

enum {
    PRIORITY_DEFAULT = 500,
    PRIORITY_INSTALLED = 100,
    PRIORITY_AUTOMATIC_UPGRADES = 100,
    PRIORITY_NOT_AUTOMATIC = 1,
    PRIORITY_DOWNGRADE = 1000
};

/* What is installed, as a repository that pins can match. */
static const struct rb_repository installed = {.suite = "now"};

/* A version that one repository holds. */
struct holding {
    size_t order; /* 0: what is installed; then the repositories */
    const char *version;
    const char *source_name;
    const struct rb_repository *repository;
};

struct search {
    const struct rb_inventory *inventory;
    const struct rb_repository *repositories;
    size_t repository_count;
    const struct rb_preferences *preferences;

    /* Of the package at hand. */
    const struct rb_package *package;
    const char *architecture; /* as apt sees it */
    struct holding *holdings; /* newest first */
    size_t count;
    size_t capacity;
    const struct rb_repository **holders; /* as large as holdings */
};

static void add_holding(struct search *search, struct holding holding)
{
    if (search->count == search->capacity) {
        search->capacity = search->capacity * 2 + 16;
        search->holdings =
            rb_reallocarray(search->holdings, search->capacity, sizeof(search->holdings[0]));
        search->holders =
            rb_reallocarray(search->holders, search->capacity, sizeof(struct rb_repository *));
    }
    search->holdings[search->count++] = holding;
}

/* Newest first; one version's holders stand together, in the order of the repositories. */
static int compare_holdings(const void *left, const void *right)
{
    const struct holding *a = left, *b = right;
    int difference = rb_version_compare_deb(b->version, a->version);
    if (difference == 0)
        difference = strcmp(a->version, b->version);
    return difference != 0 ? difference : (a->order > b->order) - (a->order < b->order);
}

static void collect(struct search *search, const struct rb_package *package)
{
    const char *native = search->inventory->architecture;
    search->package = package;
    search->architecture = rb_text_equal(package->architecture, "all") && *native != '\0'
                               ? native
                               : package->architecture;
    search->count = 0;
    add_holding(search, (struct holding){0, package->version, package->source_name, &installed});
    bool takes_all = rb_text_equal(search->architecture, native) || *native == '\0';
    for (size_t i = 0; i < search->repository_count; i++) {
        const struct rb_repository *repository = &search->repositories[i];
        size_t first;
        if (repository->type != RB_PACKAGE_DEB)
            continue;
        size_t count = rb_index_find(repository->index, package->name, &first);
        for (size_t at = first; at < first + count; at++) {
            struct rb_offer offer;
            rb_index_get(repository->index, at, &offer);
            if (rb_text_equal(offer.architecture, search->architecture) ||
                (takes_all && rb_text_equal(offer.architecture, "all")))
                add_holding(search,
                            (struct holding){i + 1, offer.version, offer.source_name, repository});
        }
    }
    qsort(search->holdings, search->count, sizeof(search->holdings[0]), compare_holdings);
}

static int priority_of_repository(const struct search *search,
                                  const struct rb_repository *repository)
{
    int priority;
    if (search->preferences != NULL &&
        rb_preferences_of_repository(search->preferences, repository, search->architecture,
                                     &priority))
        return priority;
    if (repository == &installed)
        return PRIORITY_INSTALLED;
    if (repository->but_automatic_upgrades)
        return PRIORITY_AUTOMATIC_UPGRADES;
    return repository->not_automatic ? PRIORITY_NOT_AUTOMATIC : PRIORITY_DEFAULT;
}

/* The priority of the version whose holders are holdings[begin..end). ret_repository is the one
   that gives it the highest, or NULL where only the image has it. */
static int priority_of_version(struct search *search, size_t begin, size_t end,
                               const struct rb_repository **ret_repository)
{
    int highest = RB_PRIORITY_NEVER, offered = RB_PRIORITY_NEVER;
    *ret_repository = NULL;
    for (size_t i = begin; i < end; i++) {
        const struct rb_repository *repository = search->holdings[i].repository;
        search->holders[i - begin] = repository;
        int priority = priority_of_repository(search, repository);
        if (priority > highest)
            highest = priority;
        if (repository != &installed && (*ret_repository == NULL || priority > offered)) {
            *ret_repository = repository;
            offered = priority;
        }
    }
    if (search->preferences == NULL || highest == RB_PRIORITY_NEVER)
        return highest;
    struct rb_pin_subject subject = {
        .name = search->package->name,
        .architecture = search->architecture,
        .is_native = rb_text_equal(search->architecture, search->inventory->architecture),
        .source_name = search->holdings[begin].source_name,
        .version = search->holdings[begin].version,
        .holders = search->holders,
        .holder_count = end - begin,
    };
    int pinned;
    return rb_preferences_of_version(search->preferences, &subject, &pinned) ? pinned : highest;
}

/* The candidate, or NULL where the image has it already or there is none. */
static const char *find_candidate(struct search *search, const struct rb_repository **ret_holder)
{
    const char *candidate = NULL;
    int best = 0;
    for (size_t begin = 0, end; begin < search->count; begin = end) {
        const char *version = search->holdings[begin].version;
        for (end = begin + 1; end < search->count; end++) {
            if (strcmp(search->holdings[end].version, version) != 0)
                break;
        }
        const struct rb_repository *holder;
        int priority = priority_of_version(search, begin, end, &holder);
        if (priority <= best)
            continue;
        if (priority < PRIORITY_DOWNGRADE &&
            rb_version_compare_deb(version, search->package->version) < 0)
            continue;
        best = priority;
        candidate = version;
        *ret_holder = holder;
    }
    return candidate;
}

static const char *find_newer_candidate(struct search *search, const struct rb_package *package,
                                        const struct rb_repository **ret_holder)
{
    collect(search, package);
    const char *candidate = find_candidate(search, ret_holder);
    bool is_newer = candidate != NULL && rb_version_compare_deb(candidate, package->version) > 0;
    return is_newer ? candidate : NULL;
}

size_t rb_upgrades_find(const struct rb_inventory *inventory,
                        const struct rb_repository *repositories, size_t repository_count,
                        const struct rb_preferences *preferences, struct rb_arena *arena,
                        struct rb_upgrade **ret_upgrades)
{
    struct search search = {
        .inventory = inventory,
        .repositories = repositories,
        .repository_count = repository_count,
        .preferences = preferences,
    };
    struct rb_upgrade *upgrades = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        const struct rb_repository *holder = NULL;
        const char *candidate = NULL;
        if (package->type == RB_PACKAGE_DEB)
            candidate = find_newer_candidate(&search, package, &holder);
        else
            candidate = newest_offer(inventory, package, repositories, repository_count, &holder);
        if (candidate == NULL)
            continue;
        upgrades = rb_arena_grow(arena, upgrades, count, &capacity, sizeof(upgrades[0]));
        upgrades[count++] = (struct rb_upgrade){
            .package = package,
            .available = rb_arena_strdup(arena, candidate),
            .repository = holder,
        };
    }
    rb_free(search.holdings);
    rb_free(search.holders);
    *ret_upgrades = upgrades;
    return count;
}
