/* SPDX-License-Identifier: Apache-2.0 */
/* One installed package, and a set of them: what is inside an image. */
#ifndef REBAKE_INVENTORY_PACKAGE_H
#define REBAKE_INVENTORY_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/arena.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"

struct rb_package {
    const char *name;
    const char *architecture; /* "amd64", "all" */
    const char *version;
    const char *source_name; /* the source package; its name and version where not told */
    const char *source_version;
    bool held; /* its owner asked the package manager to leave it: "hold" in dpkg's status */
};

struct rb_inventory {
    struct rb_arena *arena;      /* owns all that follows */
    struct rb_package *packages; /* sorted by name, then architecture */
    size_t package_count;
    size_t package_capacity;
    const char *distribution;         /* os-release ID, "debian"; "" when unknown */
    const char *distribution_version; /* VERSION_ID, "12" */
    const char *codename;             /* VERSION_CODENAME, "bookworm" */
    const char *pretty_name;          /* PRETTY_NAME */
    const char *architecture;         /* dpkg's native one, guessed from the packages; "" if none */
};

void rb_inventory_init(struct rb_inventory *inventory);
void rb_inventory_deinit(struct rb_inventory *inventory); /* usable with RB_CLEANUP */
/* To be called when all was added: sorts, drops what was added twice, guesses the architecture. */
void rb_inventory_sort(struct rb_inventory *inventory);
const struct rb_package *rb_inventory_find(const struct rb_inventory *inventory, const char *name,
                                           const char *architecture /* NULL: any */);

/* dpkg's status file or one file of status.d, of size bytes (RFC 822 stanzas, deb-control(5)):
   appends each package that is there: as for apt, any state but not-installed and config-files. A
   status.d stanza has no Status field and counts as installed. what names the file in errors. Bad
   stanzas are errors with their line. */
RB_NODISCARD int rb_inventory_add_dpkg(struct rb_inventory *inventory, const char *data,
                                       size_t size, bool is_status_d, const char *what,
                                       struct rb_err *err);
/* os-release(5). */
void rb_inventory_add_os_release(struct rb_inventory *inventory, const char *data, size_t size);

/* "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12" (package-url/purl-spec).
   The caller frees it. */
char *rb_package_purl(const struct rb_inventory *inventory, const struct rb_package *package);

/* {"distribution":{"id","version","codename","name"},"architecture","packages":[{"name","version",
   "architecture","source","sourceVersion","held","purl"}]}: the shape of `rebake scan --format
   json` and of a job's result. The caller drops the reference. */
json_t *rb_inventory_to_json(const struct rb_inventory *inventory);
RB_NODISCARD int rb_inventory_from_json(const json_t *json, struct rb_inventory *ret_inventory,
                                        struct rb_err *err);
/* CycloneDX 1.6 JSON; subject names what was scanned. The caller drops the reference. */
json_t *rb_inventory_to_cyclonedx(const struct rb_inventory *inventory, const char *subject,
                                  const char *subject_version);

#endif
