/* SPDX-License-Identifier: Apache-2.0 */
/* The order of package versions, as each ecosystem's own tools define it. */
#ifndef REBAKE_INVENTORY_VERSION_H
#define REBAKE_INVENTORY_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* An order: compare is negative, zero or positive as a is older than, equal to or newer than b.
   Total: any two texts have an order, also ones that the tools would refuse; no allocation, no
   recursion. */
struct rb_version_order {
    const char *name;
    int (*compare)(const char *a, const char *b);
    bool (*is_version)(const char *version);
    bool (*is_prerelease)(const char *version); /* NULL: of this order nothing is one */
};

extern const struct rb_version_order rb_version_deb;
extern const struct rb_version_order rb_version_rpm;
extern const struct rb_version_order rb_version_apk;
extern const struct rb_version_order rb_version_semver; /* rebake/base/semver.h */
extern const struct rb_version_order rb_version_pypi;
extern const struct rb_version_order rb_version_maven;
extern const struct rb_version_order rb_version_gem;
/* By its name: "deb", "rpm", "apk", "semver", "pypi", "maven", "gem". */
const struct rb_version_order *rb_version_order_find(const char *name); /* or NULL */

/* Debian versions, [epoch:]upstream[-revision], ordered as deb-version(7) and dpkg do. */
int rb_version_compare_deb(const char *a, const char *b);

/* What dpkg accepts as a version (deb-version(7)), be it with a warning: characters that Debian's
   policy does not allow are in use elsewhere. */
bool rb_version_is_deb(const char *version);

/* rpm's [epoch:]version[-release], ordered as rpm does (rpm-version(7)): no epoch is epoch 0, and
   no release is older than any. */
int rb_version_compare_rpm(const char *a, const char *b);

/* What rpm takes: an epoch of 32 bits, and visible ASCII but '-' and ':' on both sides of the dash.
 */
bool rb_version_is_rpm(const char *version);

/* Alpine's versions, digits{.digits}[letter]{_suffix[number]}[~commit][-rN], ordered as apk 3 does
   (apk-package(5)). */
int rb_version_compare_apk(const char *a, const char *b);

/* What `apk version --check` accepts. */
bool rb_version_is_apk(const char *version);

/* Python's [epoch!]release[pre][post][dev][+local], ordered as packaging does (PEP 440). What is no
   such version is older than every one, and among its like ordered by bytes. */
int rb_version_compare_pypi(const char *a, const char *b);

/* What packaging.version.Version takes, in ASCII. */
bool rb_version_is_pypi(const char *version);

/* Maven's versions, ordered as its ComparableVersion does (Maven 3.8.7 to 3.9), but without the
   circles of that order: maven_version.c says where they are cut. */
int rb_version_compare_maven(const char *a, const char *b);

/* Maven takes any text but an empty one; not what its model refuses, white space and control
   characters. */
bool rb_version_is_maven(const char *version);

/* RubyGems' versions, ordered as Gem::Version does. What is no such version is older than every
   one, and among its like ordered by bytes. */
int rb_version_compare_gem(const char *a, const char *b);

/* What Gem::Version.correct? takes, but for the empty text. */
bool rb_version_is_gem(const char *version);

#endif
