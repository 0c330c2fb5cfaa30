/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_primary.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/rpm_source.h"
#include "xml.h"

enum { WORD_SIZE = 256 };

/* What is read of the package at hand. */
struct package {
    char name[WORD_SIZE];
    char architecture[WORD_SIZE];
    char version[3 * WORD_SIZE]; /* [epoch:]version-release */
    char source[3 * WORD_SIZE];  /* name-version-release.src.rpm */
};

struct rb_rpm_primary {
    struct rb_index_builder *builder;
    const char *const *architectures;
    struct rb_xml *xml;
    struct package package;
};

static int copy(char *out, size_t size, const char *text, const char *name, struct rb_err *err)
{
    if (text == NULL || strlen(text) >= size)
        return rb_err_set(err, RB_ELIMIT, "a package's %s is longer than %zu bytes", name,
                          size - 1);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int take_version(struct package *package, const struct rb_xml_element *element,
                        struct rb_err *err)
{
    const char *epoch = rb_xml_attribute(element, "epoch");
    const char *version = rb_xml_attribute(element, "ver");
    const char *release = rb_xml_attribute(element, "rel");
    if (version == NULL || release == NULL)
        return rb_err_set(err, RB_EINVALID, "package %s has no version", package->name);
    bool has_epoch = !rb_text_is_empty(epoch) && strcmp(epoch, "0") != 0;
    int size = snprintf(package->version, sizeof(package->version), "%s%s%s-%s",
                        has_epoch ? epoch : "", has_epoch ? ":" : "", version, release);
    if (size < 0 || (size_t)size >= sizeof(package->version))
        return rb_err_set(err, RB_ELIMIT, "package %s: its version is too long", package->name);
    return 0;
}

static int on_start(void *context, const struct rb_xml_element *element, struct rb_err *err)
{
    struct rb_rpm_primary *primary = context;
    if (element->depth == 1 && strcmp(element->name, "metadata") != 0)
        return rb_err_set(err, RB_EINVALID, "not a primary.xml but \"%.40s\"", element->name);
    if (element->depth == 2)
        memset(&primary->package, 0, sizeof(primary->package));
    if (element->depth == 3 && strcmp(element->name, "version") == 0)
        return take_version(&primary->package, element, err);
    return 0;
}

static bool is_wanted(const struct rb_rpm_primary *primary, const char *architecture)
{
    if (strcmp(architecture, "noarch") == 0)
        return true;
    for (const char *const *at = primary->architectures; *at != NULL; at++) {
        if (strcmp(*at, architecture) == 0)
            return true;
    }
    return false;
}

static int end_package(struct rb_rpm_primary *primary, struct rb_err *err)
{
    struct package *package = &primary->package;
    struct rb_offer offer = {
        .name = package->name, .version = package->version, .architecture = package->architecture};
    if (package->name[0] == '\0' || package->version[0] == '\0' || package->architecture[0] == '\0')
        return rb_err_set(err, RB_EINVALID, "a package without name, version or architecture (%s)",
                          package->name);
    if (!is_wanted(primary, package->architecture))
        return 0;
    if (!rb_rpm_source_split(package->source, &offer.source_name, &offer.source_version)) {
        offer.source_name = package->name; /* it does not say */
        offer.source_version = package->version;
    }
    return rb_index_builder_add(primary->builder, &offer, err);
}

static int on_end(void *context, const struct rb_xml_element *element, const char *text,
                  struct rb_err *err)
{
    struct rb_rpm_primary *primary = context;
    struct package *package = &primary->package;
    const char *name = element->name;
    if (element->depth == 2 && strcmp(name, "package") == 0)
        return end_package(primary, err);
    if (element->depth == 3 && strcmp(name, "name") == 0)
        return copy(package->name, sizeof(package->name), text, name, err);
    if (element->depth == 3 && strcmp(name, "arch") == 0)
        return copy(package->architecture, sizeof(package->architecture), text, name, err);
    if (element->depth == 4 && strcmp(name, "sourcerpm") == 0)
        return copy(package->source, sizeof(package->source), text, name, err);
    return 0;
}

struct rb_rpm_primary *rb_rpm_primary_new(struct rb_index_builder *builder,
                                          const char *const *architectures)
{
    static const struct rb_xml_handler handler = {.start = on_start, .end = on_end};
    struct rb_rpm_primary *primary = rb_zalloc(sizeof(*primary));
    primary->builder = builder;
    primary->architectures = architectures;
    primary->xml = rb_xml_new(&handler, primary);
    return primary;
}

void rb_rpm_primary_free(struct rb_rpm_primary *primary)
{
    if (primary == NULL)
        return;
    rb_xml_free(primary->xml);
    rb_free(primary);
}

int rb_rpm_primary_feed(struct rb_rpm_primary *primary, const void *data, size_t size,
                        struct rb_err *err)
{
    return rb_xml_feed(primary->xml, data, size, err);
}

int rb_rpm_primary_end(struct rb_rpm_primary *primary, struct rb_err *err)
{
    return rb_xml_end(primary->xml, err);
}
