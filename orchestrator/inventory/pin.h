/* SPDX-License-Identifier: Apache-2.0 */
/* A pin of apt_preferences(5): which versions, or which repositories, it speaks of. */
#ifndef ORCHESTRATOR_INVENTORY_PIN_H
#define ORCHESTRATOR_INVENTORY_PIN_H

#include <stdbool.h>

#include "pattern.h"
#include "rebake/base/err.h"
#include "rebake/inventory/upgrade.h"

enum rb_pin_kind {
    RB_PIN_VERSION, /* "version 5.10*" */
    RB_PIN_RELEASE, /* "release o=Debian,a=stable", "release bookworm" */
    RB_PIN_ORIGIN   /* "origin mirror.example.com" */
};

enum rb_pin_field {
    RB_PIN_BY_VERSION, /* of the package, or v= of the release */
    RB_PIN_BY_ORIGIN,
    RB_PIN_BY_SUITE,
    RB_PIN_BY_CODENAME,
    RB_PIN_BY_LABEL,
    RB_PIN_BY_COMPONENT,
    RB_PIN_BY_ARCHITECTURE,
    RB_PIN_BY_RELEASE, /* suite or codename */
    RB_PIN_BY_SITE,
    RB_PIN_FIELD_COUNT
};

struct rb_pin {
    enum rb_pin_kind kind;
    bool all; /* "release *" */
    bool asked[RB_PIN_FIELD_COUNT];
    struct rb_pattern fields[RB_PIN_FIELD_COUNT];
    char *version_prefix; /* a version may also begin with this; NULL: only be it */
    char *version_exact;
};

/* What stands behind "Pin:" after its first word. */
RB_NODISCARD int rb_pin_parse(enum rb_pin_kind kind, const char *text, struct rb_pin *ret_pin,
                              struct rb_err *err);
void rb_pin_deinit(struct rb_pin *pin);

/* A repository as the holder of packages of an architecture; the image's own status file is one
   whose suite is "now". */
bool rb_pin_matches_repository(const struct rb_pin *pin, const struct rb_repository *repository,
                               const char *architecture);
bool rb_pin_matches_version(const struct rb_pin *pin, const char *version);

#endif
