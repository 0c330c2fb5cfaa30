/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake outdated`: an image judged by its own apt configuration and nothing else. Blocks. */
#ifndef REBAKE_INVENTORY_OUTDATED_H
#define REBAKE_INVENTORY_OUTDATED_H

#include "rebake/inventory/scan.h"
#include "rebake/inventory/upgrade.h"

/* The sources of an image: one-line and deb822 style (sources.list(5)), disabled ones left out. */
struct rb_apt_source {
    const char *url;
    const char *suite;
    const char *const *components;    /* NULL-terminated */
    const char *const *architectures; /* NULL-terminated; empty: the image's own */
    /* As written: paths in the image or fingerprints, by commas or spaces; or an armoured key with
       a
       '.' for each empty line; or NULL. */
    const char *signed_by;
    bool trusted;    /* [trusted=yes]: no signature is asked for */
    bool may_be_old; /* [check-valid-until=no]: a snapshot of the past */
};

enum { RB_APT_SOURCES_MAX = 1000 }; /* each URL with each suite is one */

/* Reads one file's sources into arena, appending. deb-src is left out. is_deb822: a .sources file.
   Changes to apt's list of architectures (arch+=, arch-=) are not followed. */
RB_NODISCARD int rb_apt_sources_parse(const char *data, size_t size, bool is_deb822,
                                      const char *what, struct rb_arena *arena,
                                      struct rb_apt_source **sources, size_t *count,
                                      size_t *capacity, struct rb_err *err);

/* Takes an option of apt.conf(5) and its value, with the scopes it stands in before its name:
   "APT::Default-Release". A member of a list has nothing behind the last "::". */
typedef void rb_apt_conf_cb(void *context, const char *name, const char *value);

/* Reads one file of apt's configuration. #clear and #include are not followed. */
RB_NODISCARD int rb_apt_conf_read(const char *data, size_t size, const char *what,
                                  rb_apt_conf_cb *take, void *context, struct rb_err *err);

#endif
