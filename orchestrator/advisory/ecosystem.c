/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/ecosystem.h"

#include <ctype.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* AlmaLinux's records name each package that was built, though the schema says otherwise; Wolfi's
   and Chainguard's are by origin in their secdb and by name in their OSV. */
static const struct rb_ecosystem_kind kinds[] = {
    {"Debian", "deb", RB_PACKAGE_DEB, RB_NAMES_SOURCE},
    {"Ubuntu", "deb", RB_PACKAGE_DEB, RB_NAMES_SOURCE},
    {"Alpine", "apk", RB_PACKAGE_APK, RB_NAMES_SOURCE},
    {"Wolfi", "apk", RB_PACKAGE_APK, RB_NAMES_EITHER},
    {"Chainguard", "apk", RB_PACKAGE_APK, RB_NAMES_EITHER},
    {"MinimOS", "apk", RB_PACKAGE_APK, RB_NAMES_EITHER},
    {"Red Hat", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"AlmaLinux", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"Rocky Linux", "rpm", RB_PACKAGE_RPM, RB_NAMES_SOURCE},
    {"SUSE", "rpm", RB_PACKAGE_RPM, RB_NAMES_SOURCE},
    {"openSUSE", "rpm", RB_PACKAGE_RPM, RB_NAMES_SOURCE},
    {"Mageia", "rpm", RB_PACKAGE_RPM, RB_NAMES_SOURCE},
    {"Azure Linux", "rpm", RB_PACKAGE_RPM, RB_NAMES_SOURCE},
    {"Photon OS", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"Fedora", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"CentOS", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"Oracle Linux", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"Amazon Linux", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER},
    {"rpm", "rpm", RB_PACKAGE_RPM, RB_NAMES_EITHER}, /* of a repository's own updateinfo */
    {"PyPI", "pypi", RB_PACKAGE_PYPI, RB_NAMES_EITHER},
    {"npm", "semver", RB_PACKAGE_NPM, RB_NAMES_EITHER},
    {"Go", "semver", RB_PACKAGE_GOLANG, RB_NAMES_EITHER},
    {"Maven", "maven", RB_PACKAGE_MAVEN, RB_NAMES_EITHER},
    {"RubyGems", "gem", RB_PACKAGE_GEM, RB_NAMES_EITHER},
    {"crates.io", "semver", RB_PACKAGE_CARGO, RB_NAMES_EITHER},
};

/* How an ecosystem's release is written. */
enum release_form {
    FORM_WHOLE,
    FORM_MAJOR,       /* "9" of "9.4" */
    FORM_MAJOR_MINOR, /* "22.04" of "22.04.1" */
    FORM_ALPINE,      /* "v3.19" of "3.19.1", "edge" */
    FORM_DEBIAN,      /* "12", also of "12.5" and "bookworm" */
    FORM_SUSE,        /* "15 SP5" of "15.5" */
    FORM_NONE         /* it rolls on */
};

static const struct {
    const char *id; /* of os-release(5) */
    const char *ecosystem;
    enum release_form form;
    const char *release; /* where the id says it */
} distributions[] = {
    {"debian", "Debian", FORM_DEBIAN, NULL},
    {"ubuntu", "Ubuntu", FORM_MAJOR_MINOR, NULL},
    {"alpine", "Alpine", FORM_ALPINE, NULL},
    {"wolfi", "Wolfi", FORM_NONE, NULL},
    {"chainguard", "Chainguard", FORM_NONE, NULL},
    {"minimos", "MinimOS", FORM_NONE, NULL},
    {"rhel", "Red Hat", FORM_MAJOR, NULL},
    {"almalinux", "AlmaLinux", FORM_MAJOR, NULL},
    {"rocky", "Rocky Linux", FORM_MAJOR, NULL},
    {"sles", "SUSE", FORM_SUSE, NULL},
    {"sled", "SUSE", FORM_SUSE, NULL},
    {"sles_sap", "SUSE", FORM_SUSE, NULL},
    {"sle_hpc", "SUSE", FORM_SUSE, NULL},
    {"sle-micro", "SUSE", FORM_WHOLE, NULL},
    {"opensuse-leap", "openSUSE", FORM_WHOLE, NULL},
    {"opensuse-tumbleweed", "openSUSE", FORM_WHOLE, "Tumbleweed"},
    {"mageia", "Mageia", FORM_MAJOR, NULL},
    {"azurelinux", "Azure Linux", FORM_MAJOR, NULL},
    {"photon", "Photon OS", FORM_WHOLE, NULL},
    {"fedora", "Fedora", FORM_MAJOR, NULL},
    {"centos", "CentOS", FORM_MAJOR, NULL},
    {"ol", "Oracle Linux", FORM_MAJOR, NULL},
    {"amzn", "Amazon Linux", FORM_WHOLE, NULL},
};

/* debian.csv of distro-info-data. */
static const struct {
    const char *codename;
    const char *release;
} debian_releases[] = {
    {"squeeze", "6"},   {"wheezy", "7"},    {"jessie", "8"},  {"stretch", "9"}, {"buster", "10"},
    {"bullseye", "11"}, {"bookworm", "12"}, {"trixie", "13"}, {"forky", "14"},  {"duke", "15"},
};

const struct rb_ecosystem_kind *rb_ecosystem_kind_find(const char *name)
{
    for (size_t i = 0; i < RB_COUNT_OF(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

const char *rb_ecosystem_debian_release(const char *codename)
{
    for (size_t i = 0; i < RB_COUNT_OF(debian_releases); i++) {
        if (strcmp(debian_releases[i].codename, codename) == 0)
            return debian_releases[i].release;
    }
    return codename;
}

static enum release_form form_of(const char *ecosystem)
{
    for (size_t i = 0; i < RB_COUNT_OF(distributions); i++) {
        if (strcmp(distributions[i].ecosystem, ecosystem) == 0)
            return distributions[i].form;
    }
    return FORM_WHOLE;
}

/* The first parts of a version, of those that dots part. */
static char *leading_parts(const char *version, size_t count, struct rb_arena *arena)
{
    const char *end = version;
    for (size_t i = 0; i < count && *end != '\0'; i++)
        end += (i > 0) + strcspn(end + (i > 0), ".");
    return rb_arena_strndup(arena, version, (size_t)(end - version));
}

static const char *alpine_release(const char *version, struct rb_arena *arena)
{
    if (*version == 'v')
        version++;
    if (!isdigit((unsigned char)*version) || strstr(version, "_alpha") != NULL)
        return "edge";
    return rb_arena_printf(arena, "v%s", leading_parts(version, 2, arena));
}

/* "15.5" is service pack 5 of 15. */
static const char *suse_release(const char *version, struct rb_arena *arena)
{
    const char *dot = strchr(version, '.');
    if (dot == NULL || rb_text_equal(dot, ".0"))
        return leading_parts(version, 1, arena);
    return rb_arena_printf(arena, "%s SP%s", leading_parts(version, 1, arena), dot + 1);
}

static const char *in_form(enum release_form form, const char *version, struct rb_arena *arena)
{
    if (form == FORM_NONE)
        return "";
    if (form == FORM_MAJOR)
        return leading_parts(version, 1, arena);
    if (form == FORM_MAJOR_MINOR)
        return leading_parts(version, 2, arena);
    if (form == FORM_ALPINE)
        return alpine_release(version, arena);
    if (form == FORM_DEBIAN)
        return rb_ecosystem_debian_release(leading_parts(version, 1, arena));
    return form == FORM_SUSE ? suse_release(version, arena) : rb_arena_strdup(arena, version);
}

/* Of the parts between colons the first that begins with a digit is the release, the others are the
   suffix: "Pro:22.04:LTS". */
static void split_by_colons(struct rb_ecosystem *ecosystem, const char *rest,
                            struct rb_arena *arena)
{
    char *suffix = rb_arena_alloc(arena, strlen(rest) + 1);
    size_t used = 0;
    while (*rest != '\0') {
        size_t size = strcspn(rest, ":");
        if (*ecosystem->release == '\0' && isdigit((unsigned char)*rest)) {
            ecosystem->release = rb_arena_strndup(arena, rest, size);
        } else {
            if (used > 0)
                suffix[used++] = ':';
            memcpy(suffix + used, rest, size);
            used += size;
        }
        rest += size + (rest[size] == ':');
    }
    ecosystem->suffix = suffix;
}

/* A CPE without its first parts: "enterprise_linux:9::appstream". The releases of Red Hat's other
   products are not those of its distribution. */
static void split_red_hat(struct rb_ecosystem *ecosystem, const char *rest, struct rb_arena *arena)
{
    static const char DISTRIBUTION[] = "enterprise_linux:";
    ecosystem->suffix = rb_arena_strdup(arena, rest);
    ecosystem->release = ecosystem->suffix;
    if (rb_text_starts_with(rest, DISTRIBUTION)) {
        const char *version = rest + strlen(DISTRIBUTION);
        ecosystem->release = rb_arena_strndup(arena, version, strcspn(version, ".:"));
    }
}

/* The name of a product, with its release at the end: "Linux Enterprise Module for Basesystem 15
   SP5", "Linux Enterprise Server 15 SP3-LTSS", "Leap 15.5", "Tumbleweed". Whatever the product, a
   package of that release is built once. */
static void split_suse(struct rb_ecosystem *ecosystem, const char *rest, struct rb_arena *arena)
{
    const char *release = NULL;
    for (const char *at = rest; *at != '\0' && release == NULL; at++) {
        if (isdigit((unsigned char)*at) && at > rest && at[-1] == ' ')
            release = at;
    }
    ecosystem->suffix = rb_arena_strdup(arena, rest);
    ecosystem->release = release == NULL ? ecosystem->suffix
                                         : rb_arena_strndup(arena, release, strcspn(release, "-"));
}

struct rb_ecosystem rb_ecosystem_parse(const char *text, struct rb_arena *arena)
{
    size_t size = strcspn(text, ":");
    struct rb_ecosystem ecosystem = {rb_arena_strndup(arena, text, size), "", ""};
    if (text[size] == '\0')
        return ecosystem;
    const char *name = ecosystem.name, *rest = text + size + 1;
    const struct rb_ecosystem_kind *kind = rb_ecosystem_kind_find(name);
    if (rb_text_equal(name, "Red Hat"))
        split_red_hat(&ecosystem, rest, arena);
    else if (rb_text_equal(name, "SUSE") || rb_text_equal(name, "openSUSE"))
        split_suse(&ecosystem, rest, arena);
    else if (rb_text_equal(name, "Ubuntu"))
        split_by_colons(&ecosystem, rest, arena);
    else if (kind != NULL && !rb_package_type_is_distribution(kind->type))
        ecosystem.suffix = rb_arena_strdup(arena, rest); /* a repository's URL */
    else
        ecosystem.release = in_form(form_of(name), rest, arena);
    return ecosystem;
}

const char *rb_ecosystem_key(const struct rb_ecosystem *ecosystem, struct rb_arena *arena)
{
    return *ecosystem->release == '\0'
               ? rb_arena_strdup(arena, ecosystem->name)
               : rb_arena_printf(arena, "%s:%s", ecosystem->name, ecosystem->release);
}

static bool of_distribution(const struct rb_inventory *inventory, enum rb_package_type type,
                            struct rb_arena *arena, struct rb_ecosystem *ret_ecosystem)
{
    const char *version = inventory->distribution_version;
    for (size_t i = 0; i < RB_COUNT_OF(distributions); i++) {
        const char *name = distributions[i].ecosystem;
        if (strcmp(distributions[i].id, inventory->distribution) != 0 ||
            rb_ecosystem_kind_find(name)->type != type)
            continue;
        enum release_form form = distributions[i].form;
        if (*version == '\0' && form == FORM_DEBIAN) /* testing and unstable have no number */
            version = inventory->codename;
        if (*version == '\0' && form != FORM_NONE && distributions[i].release == NULL)
            return false;
        const char *release = distributions[i].release;
        *ret_ecosystem = (struct rb_ecosystem){
            name, release != NULL ? release : in_form(form, version, arena), ""};
        return true;
    }
    return false;
}

bool rb_ecosystem_of_package(const struct rb_inventory *inventory, const struct rb_package *package,
                             struct rb_arena *arena, struct rb_ecosystem *ret_ecosystem)
{
    if (rb_package_type_is_distribution(package->type))
        return of_distribution(inventory, package->type, arena, ret_ecosystem);
    for (size_t i = 0; i < RB_COUNT_OF(kinds); i++) {
        if (kinds[i].type == package->type) {
            *ret_ecosystem = (struct rb_ecosystem){kinds[i].name, "", ""};
            return true;
        }
    }
    return false;
}
