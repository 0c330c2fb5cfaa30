/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which installed packages have a newer version that the image's own package manager would install:
 * for apt by the candidate rule of apt_preferences(5), for dnf and apk the newest that there is.
 * The daemon's planner and `rebake outdated` both ask here.
 */
#ifndef REBAKE_INVENTORY_UPGRADE_H
#define REBAKE_INVENTORY_UPGRADE_H

#include "rebake/inventory/index.h"
#include "rebake/inventory/package.h"

/* A repository's offers with what its Release file says of them: that is of apt alone. */
struct rb_repository {
    enum rb_package_type type; /* of its packages */
    const struct rb_index *index;
    const char *name;     /* as people know it: the source's name, or the suite */
    const char *site;     /* host name of its URL */
    const char *suite;    /* Release: Suite */
    const char *codename; /* Release: Codename */
    const char *origin;
    const char *label;
    const char *version;
    const char *component; /* the component of this index; NULL when the index holds several */
    bool not_automatic;    /* priority 1, or 100 with the next */
    bool but_automatic_upgrades;
};

/* The rules of /etc/apt/preferences and preferences.d, parsed. */
struct rb_preferences;
struct rb_preferences *rb_preferences_new(void);
void rb_preferences_free(struct rb_preferences *preferences); /* NULL is allowed */
RB_NODISCARD int rb_preferences_add(struct rb_preferences *preferences, const char *data,
                                    size_t size, const char *what, struct rb_err *err);
void rb_preferences_set_default_release(struct rb_preferences *preferences, const char *release);
/* What apt warns of and leaves out ("line 3: …"); NULL-terminated, borrowed. */
const char *const *rb_preferences_warnings(const struct rb_preferences *preferences);
/* True where a rule tells components apart (c=): then each needs an index of its own. */
bool rb_preferences_name_components(const struct rb_preferences *preferences);

struct rb_upgrade {
    const struct rb_package *package;
    const char *available; /* the candidate's version; in the arena */
    const struct rb_repository *repository;
};

/* Fills *ret_upgrades (in arena, in the inventory's order) with each package whose candidate is
   newer than what is installed, and what offers it is of its type. preferences, for apt, may be
   NULL. Held packages are among them, as they are for `apt list --upgradable`. Returns their count.
 */
size_t rb_upgrades_find(const struct rb_inventory *inventory,
                        const struct rb_repository *repositories, size_t repository_count,
                        const struct rb_preferences *preferences, struct rb_arena *arena,
                        struct rb_upgrade **ret_upgrades);

#endif
