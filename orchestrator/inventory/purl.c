/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs (package-url/purl-spec, PURL-SPECIFICATION.rst and PURL-TYPES.rst): how each
   ecosystem's names and versions are written in them. */
#include <ctype.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/inventory/package.h"

enum { PURL_MAX = 1 << 20 };

/* purl-spec, "Character encoding": all but these are written as %XX. */
static void append_encoded(struct rb_strbuf *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (isalnum(c) || c == '.' || c == '-' || c == '_' || c == '~')
            rb_strbuf_putc(out, (char)c);
        else
            rb_strbuf_printf(out, "%%%02X", c);
    }
}

static void append_text(struct rb_strbuf *out, const char *text)
{
    append_encoded(out, text, strlen(text));
}

/* A name of several parts: all but the last are the namespace. */
static void append_parts(struct rb_strbuf *out, const char *name, char separator)
{
    const char *end;
    while ((end = strchr(name, separator)) != NULL) {
        append_encoded(out, name, (size_t)(end - name));
        rb_strbuf_putc(out, '/');
        name = end + 1;
    }
    append_text(out, name);
}

/* PURL-TYPES: golang's and pypi's names are in lower case, and pypi's have '-' for '_'. */
static char *lower(const struct rb_package *package)
{
    char *name = rb_strdup(package->name);
    for (char *at = name; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
        if (package->type == RB_PACKAGE_PYPI && *at == '_')
            *at = '-';
    }
    return name;
}

static void append_name(struct rb_strbuf *out, const struct rb_inventory *inventory,
                        const struct rb_package *package)
{
    if (package->type == RB_PACKAGE_GOLANG || package->type == RB_PACKAGE_PYPI) {
        RB_CLEANUP_FREE char *name = lower(package);
        append_parts(out, name, '/');
        return;
    }
    if (package->type == RB_PACKAGE_NPM || package->type == RB_PACKAGE_MAVEN) {
        append_parts(out, package->name, package->type == RB_PACKAGE_NPM ? '/' : ':');
        return;
    }
    if (rb_package_type_is_distribution(package->type) && *inventory->distribution != '\0') {
        append_text(out, inventory->distribution);
        rb_strbuf_putc(out, '/');
    }
    append_text(out, package->name);
}

static void append_qualifier(struct rb_strbuf *out, char *separator, const char *name,
                             const char *value, size_t size)
{
    rb_strbuf_printf(out, "%c%s=", *separator, name);
    append_encoded(out, value, size);
    *separator = '&';
}

/* In the order of their names, as the canonical form has them. epoch_size: of an rpm's epoch, which
   stands at the beginning of the version. */
static void append_qualifiers(struct rb_strbuf *out, const struct rb_inventory *inventory,
                              const struct rb_package *package, size_t epoch_size)
{
    char separator = '?';
    const char *release = *inventory->distribution_version != '\0' ? inventory->distribution_version
                                                                   : inventory->codename;
    if (*package->architecture != '\0')
        append_qualifier(out, &separator, "arch", package->architecture,
                         strlen(package->architecture));
    if (*inventory->distribution != '\0' && *release != '\0') {
        RB_CLEANUP_FREE char *distro = rb_asprintf("%s-%s", inventory->distribution, release);
        append_qualifier(out, &separator, "distro", distro, strlen(distro));
    }
    if (epoch_size > 0)
        append_qualifier(out, &separator, "epoch", package->version, epoch_size);
}

char *rb_package_purl(const struct rb_inventory *inventory, const struct rb_package *package)
{
    struct rb_strbuf purl = RB_STRBUF_INIT(PURL_MAX);
    const char *version = package->version;
    const char *colon = package->type == RB_PACKAGE_RPM ? strchr(version, ':') : NULL;
    size_t epoch_size = colon == NULL ? 0 : (size_t)(colon - version);
    rb_strbuf_printf(&purl, "pkg:%s/", rb_package_type_name(package->type));
    append_name(&purl, inventory, package);
    if (*version != '\0') {
        rb_strbuf_putc(&purl, '@');
        append_text(&purl, colon == NULL ? version : colon + 1);
    }
    if (rb_package_type_is_distribution(package->type))
        append_qualifiers(&purl, inventory, package, epoch_size);
    return rb_strbuf_steal(&purl);
}
