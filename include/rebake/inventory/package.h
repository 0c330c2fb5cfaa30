/* SPDX-License-Identifier: Apache-2.0 */
/* One installed package, and a set of them: what is inside an image. */
#ifndef REBAKE_INVENTORY_PACKAGE_H
#define REBAKE_INVENTORY_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/arena.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/inventory/version.h"

/* Whose package it is: which names, versions and advisories are spoken of (purl-spec, "type"). */
enum rb_package_type {
    RB_PACKAGE_DEB,
    RB_PACKAGE_APK,
    RB_PACKAGE_RPM,
    RB_PACKAGE_PYPI,
    RB_PACKAGE_NPM,
    RB_PACKAGE_GOLANG,
    RB_PACKAGE_MAVEN,
    RB_PACKAGE_GEM,
    RB_PACKAGE_CARGO,
    RB_PACKAGE_TYPE_COUNT
};

/* "deb", "pypi", as in a purl. */
const char *rb_package_type_name(enum rb_package_type type);
bool rb_package_type_find(const char *name, enum rb_package_type *ret_type);
/* Whose packages a source of that kind offers: "apt" deb's, the others those of their name ("rpm",
   "apk", "pypi", "npm"). False for one that is no repository of packages. */
bool rb_package_type_of_source(const char *kind, enum rb_package_type *ret_type);
/* The order of its versions. */
const struct rb_version_order *rb_package_type_order(enum rb_package_type type);
/* Does a distribution's package manager look after it? Else it is a language's package. */
bool rb_package_type_is_distribution(enum rb_package_type type);

struct rb_package {
    enum rb_package_type type;
    /* As its ecosystem writes it whole: "zlib1g", "@types/node", "org.slf4j:slf4j-api",
       "github.com/opencontainers/runc" */
    const char *name;
    const char *architecture; /* "amd64", "all", "noarch"; "" for a language's package */
    /* of rpm [epoch:]version-release; of go with its leading 'v' */
    const char *version;
    /* The source package; its name and version where not told, or where there is none. */
    const char *source_name;
    const char *source_version;
    const char *path; /* of a language's package: the file that told of it; else "" */
    /* Of rpm: "perl:5.26:8010020190322130042:9d367344", the module that it was built for
       (name:stream:version:context), whose streams' advisories are apart; else "". */
    const char *module;
    bool held; /* its owner asked the package manager to leave it: "hold" in dpkg's status */
};

struct rb_inventory {
    struct rb_arena *arena;      /* owns all that follows */
    struct rb_package *packages; /* sorted by type, name, architecture, version, path */
    size_t package_count;
    size_t package_capacity;
    const char *distribution;         /* os-release ID, "debian"; "" when unknown */
    const char *distribution_version; /* VERSION_ID, "12" */
    const char *codename;             /* VERSION_CODENAME, "bookworm" */
    const char *pretty_name;          /* PRETTY_NAME */
    const char *architecture;         /* the package manager's native one, guessed; "" if none */
};

void rb_inventory_init(struct rb_inventory *inventory);
void rb_inventory_deinit(struct rb_inventory *inventory); /* usable with RB_CLEANUP */
/* To be called when all was added: sorts, drops what was added twice, guesses the architecture. */
void rb_inventory_sort(struct rb_inventory *inventory);
/* Appends a copy. NULL texts: no source is the package itself, the others are "". */
void rb_inventory_add(struct rb_inventory *inventory, const struct rb_package *package);
const struct rb_package *rb_inventory_find(const struct rb_inventory *inventory,
                                           enum rb_package_type type, const char *name,
                                           const char *architecture /* NULL: any */);

/* dpkg's status file or one file of status.d, of size bytes (RFC 822 stanzas, deb-control(5)):
   appends each package that is there: as for apt, any state but not-installed and config-files. A
   status.d stanza has no Status field and counts as installed. what names the file in errors. Bad
   stanzas are errors with their line. */
RB_NODISCARD int rb_inventory_add_dpkg(struct rb_inventory *inventory, const char *data,
                                       size_t size, bool is_status_d, const char *what,
                                       struct rb_err *err);
/* apk's database of what is installed, lib/apk/db/installed (apk-package(5) and fields for files).
 */
RB_NODISCARD int rb_inventory_add_apk(struct rb_inventory *inventory, const char *data, size_t size,
                                      const char *what, struct rb_err *err);
/* os-release(5). */
void rb_inventory_add_os_release(struct rb_inventory *inventory, const char *data, size_t size);

/* "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12" (package-url/purl-spec,
   purl-types.rst: the epoch of an rpm is a qualifier). The caller frees it. */
char *rb_package_purl(const struct rb_inventory *inventory, const struct rb_package *package);

/* {"distribution":{"id","version","codename","name"},"architecture","packages":[{"type","name",
   "version","architecture","source","sourceVersion","held","purl","path" of a language's,
   "module" of rpm where there is one}]}: the shape of `rebake scan --format json` and of a job's
   result. The caller drops the reference. */
json_t *rb_inventory_to_json(const struct rb_inventory *inventory);
RB_NODISCARD int rb_inventory_from_json(const json_t *json, struct rb_inventory *ret_inventory,
                                        struct rb_err *err);
/* CycloneDX 1.6 JSON; subject names what was scanned. The caller drops the reference. */
json_t *rb_inventory_to_cyclonedx(const struct rb_inventory *inventory, const char *subject,
                                  const char *subject_version);
/* SPDX 2.3 JSON, which has to say when it was made. The caller drops the reference. */
json_t *rb_inventory_to_spdx(const struct rb_inventory *inventory, const char *subject,
                             const char *subject_version, int64_t created_at);

#endif
