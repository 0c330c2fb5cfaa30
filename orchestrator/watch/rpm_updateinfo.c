/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/rpm_updateinfo.h"

#include <stdbool.h>
#include <string.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "xml.h"

enum { ITEMS_MAXIMUM = 20000 };

/* updates/update/{id,severity,issued,references/reference,pkglist/collection/{module,package}} */
enum { DEPTH_UPDATE = 2, DEPTH_FIELD = 3, DEPTH_REFERENCE = 4, DEPTH_PACKAGE = 5 };

struct rb_rpm_updateinfo {
    rb_rpm_advisory_cb *take;
    void *context;
    struct rb_xml *xml;
    struct rb_arena *arena; /* of the update at hand */
    struct rb_rpm_advisory advisory;
    struct rb_rpm_reference *references;
    size_t reference_capacity;
    struct rb_rpm_fix *fixes;
    size_t fix_capacity;
    const char *module; /* of the collection at hand */
};

static const char *keep(struct rb_rpm_updateinfo *updateinfo, const char *text)
{
    return text == NULL ? "" : rb_arena_strdup(updateinfo->arena, text);
}

static const char *attribute(struct rb_rpm_updateinfo *updateinfo,
                             const struct rb_xml_element *element, const char *name)
{
    return keep(updateinfo, rb_xml_attribute(element, name));
}

static void begin_update(struct rb_rpm_updateinfo *updateinfo, const struct rb_xml_element *element)
{
    rb_arena_free(updateinfo->arena);
    updateinfo->arena = rb_arena_new();
    updateinfo->references = NULL;
    updateinfo->fixes = NULL;
    updateinfo->reference_capacity = updateinfo->fix_capacity = 0;
    updateinfo->advisory = (struct rb_rpm_advisory){
        .id = "", .type = attribute(updateinfo, element, "type"), .severity = "", .issued = ""};
}

static int add_reference(struct rb_rpm_updateinfo *updateinfo, const struct rb_xml_element *element,
                         struct rb_err *err)
{
    struct rb_rpm_advisory *advisory = &updateinfo->advisory;
    if (advisory->reference_count == ITEMS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "an update with more than %d references", ITEMS_MAXIMUM);
    updateinfo->references =
        rb_arena_grow(updateinfo->arena, updateinfo->references, advisory->reference_count,
                      &updateinfo->reference_capacity, sizeof(*updateinfo->references));
    updateinfo->references[advisory->reference_count++] =
        (struct rb_rpm_reference){.type = attribute(updateinfo, element, "type"),
                                  .id = attribute(updateinfo, element, "id"),
                                  .href = attribute(updateinfo, element, "href")};
    return 0;
}

static int add_fix(struct rb_rpm_updateinfo *updateinfo, const struct rb_xml_element *element,
                   struct rb_err *err)
{
    struct rb_rpm_advisory *advisory = &updateinfo->advisory;
    const char *epoch = attribute(updateinfo, element, "epoch");
    bool has_epoch = *epoch != '\0' && strcmp(epoch, "0") != 0;
    if (advisory->fix_count == ITEMS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "an update with more than %d packages", ITEMS_MAXIMUM);
    updateinfo->fixes = rb_arena_grow(updateinfo->arena, updateinfo->fixes, advisory->fix_count,
                                      &updateinfo->fix_capacity, sizeof(*updateinfo->fixes));
    updateinfo->fixes[advisory->fix_count++] = (struct rb_rpm_fix){
        .name = attribute(updateinfo, element, "name"),
        .version = rb_arena_printf(updateinfo->arena, "%s%s%s-%s", has_epoch ? epoch : "",
                                   has_epoch ? ":" : "", attribute(updateinfo, element, "version"),
                                   attribute(updateinfo, element, "release")),
        .architecture = attribute(updateinfo, element, "arch"),
        .module = updateinfo->module,
    };
    return 0;
}

static int on_start(void *context, const struct rb_xml_element *element, struct rb_err *err)
{
    struct rb_rpm_updateinfo *updateinfo = context;
    const char *name = element->name;
    size_t depth = element->depth;
    if (depth == 1 && strcmp(name, "updates") != 0)
        return rb_err_set(err, RB_EINVALID, "not an updateinfo.xml but \"%.40s\"", name);
    if (depth == DEPTH_UPDATE)
        begin_update(updateinfo, element);
    if (depth == DEPTH_FIELD && strcmp(name, "issued") == 0)
        updateinfo->advisory.issued = attribute(updateinfo, element, "date");
    if (depth == DEPTH_REFERENCE && strcmp(name, "reference") == 0)
        return add_reference(updateinfo, element, err);
    if (depth == DEPTH_REFERENCE && strcmp(name, "collection") == 0)
        updateinfo->module = "";
    if (depth == DEPTH_PACKAGE && strcmp(name, "module") == 0)
        updateinfo->module =
            rb_arena_printf(updateinfo->arena, "%s:%s", attribute(updateinfo, element, "name"),
                            attribute(updateinfo, element, "stream"));
    if (depth == DEPTH_PACKAGE && strcmp(name, "package") == 0)
        return add_fix(updateinfo, element, err);
    return 0;
}

static int end_update(struct rb_rpm_updateinfo *updateinfo, struct rb_err *err)
{
    struct rb_rpm_advisory *advisory = &updateinfo->advisory;
    if (*advisory->id == '\0')
        return rb_err_set(err, RB_EINVALID, "an update without an id");
    advisory->references = updateinfo->references;
    advisory->fixes = updateinfo->fixes;
    return updateinfo->take(updateinfo->context, advisory, err);
}

static int on_end(void *context, const struct rb_xml_element *element, const char *text,
                  struct rb_err *err)
{
    struct rb_rpm_updateinfo *updateinfo = context;
    if (element->depth == DEPTH_UPDATE && strcmp(element->name, "update") == 0)
        return end_update(updateinfo, err);
    if (element->depth == DEPTH_FIELD && strcmp(element->name, "id") == 0)
        updateinfo->advisory.id = keep(updateinfo, text);
    if (element->depth == DEPTH_FIELD && strcmp(element->name, "severity") == 0)
        updateinfo->advisory.severity = keep(updateinfo, text);
    return 0;
}

struct rb_rpm_updateinfo *rb_rpm_updateinfo_new(rb_rpm_advisory_cb *take, void *context)
{
    static const struct rb_xml_handler handler = {.start = on_start, .end = on_end};
    struct rb_rpm_updateinfo *updateinfo = rb_zalloc(sizeof(*updateinfo));
    updateinfo->take = take;
    updateinfo->context = context;
    updateinfo->module = "";
    updateinfo->arena = rb_arena_new();
    updateinfo->xml = rb_xml_new(&handler, updateinfo);
    return updateinfo;
}

void rb_rpm_updateinfo_free(struct rb_rpm_updateinfo *updateinfo)
{
    if (updateinfo == NULL)
        return;
    rb_xml_free(updateinfo->xml);
    rb_arena_free(updateinfo->arena);
    rb_free(updateinfo);
}

int rb_rpm_updateinfo_feed(struct rb_rpm_updateinfo *updateinfo, const void *data, size_t size,
                           struct rb_err *err)
{
    return rb_xml_feed(updateinfo->xml, data, size, err);
}

int rb_rpm_updateinfo_end(struct rb_rpm_updateinfo *updateinfo, struct rb_err *err)
{
    return rb_xml_end(updateinfo->xml, err);
}
