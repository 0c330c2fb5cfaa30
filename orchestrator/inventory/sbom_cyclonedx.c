/* SPDX-License-Identifier: Apache-2.0 */
/* cyclonedx.org/docs/1.6/json; what tools add in properties of their own: Rebake, Trivy. */
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "sbom.h"

enum { DEPTH_MAXIMUM = 32 };

/* The value of the first of the properties that is there; NULL. */
static const char *property(const json_t *component, const char *const *names)
{
    size_t i;
    const json_t *item;
    for (; *names != NULL; names++) {
        json_array_foreach(json_object_get(component, "properties"), i, item)
        {
            if (rb_text_equal(rb_json_get_string(item, "name", NULL), *names))
                return rb_json_get_string(item, "value", NULL);
        }
    }
    return NULL;
}

static void add_component(struct sbom_reader *reader, const json_t *component)
{
    static const char *const NAMES[] = {"rebake:source:name", "aquasecurity:trivy:SrcName", NULL};
    static const char *const VERSIONS[] = {"rebake:source:version", NULL};
    static const char *const MODULES[] = {"rebake:module", NULL};
    static const char *const PATHS[] = {"rebake:path", "syft:location:0:path",
                                        "aquasecurity:trivy:FilePath", NULL};
    const char *type = rb_json_get_string(component, "type", "");
    const struct sbom_package package = {
        .purl = rb_json_get_string(component, "purl", NULL),
        .source_name = property(component, NAMES),
        .source_version = property(component, VERSIONS),
        .module = property(component, MODULES),
        .path = property(component, PATHS),
    };
    if (rb_text_equal(type, "operating-system"))
        sbom_set_distribution(reader, rb_json_get_string(component, "name", ""),
                              rb_json_get_string(component, "version", ""),
                              rb_json_get_string(component, "description", ""));
    else if (rb_text_equal(type, "library") || rb_text_equal(type, "framework") ||
             package.purl != NULL)
        sbom_add(reader, &package);
}

static int add_components(struct sbom_reader *reader, const json_t *list, int depth,
                          const char *what, struct rb_err *err)
{
    size_t i;
    const json_t *component;
    if (depth > DEPTH_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: components stand more than %d deep in each other",
                          what, DEPTH_MAXIMUM);
    json_array_foreach(list, i, component)
    {
        add_component(reader, component);
        int status =
            add_components(reader, json_object_get(component, "components"), depth + 1, what, err);
        if (status != 0)
            return status;
    }
    return 0;
}

/* Since 1.5 tools are components; before they were a list of their own. */
static char *tool_of(const json_t *document)
{
    const json_t *tools = json_object_get(json_object_get(document, "metadata"), "tools");
    const json_t *list = json_is_array(tools) ? tools : json_object_get(tools, "components");
    const json_t *first = json_array_get(list, 0);
    const char *version = rb_json_get_string(first, "version", NULL);
    return rb_asprintf("%s%s%s", rb_json_get_string(first, "name", "a tool that is not told"),
                       version == NULL ? "" : " ", version == NULL ? "" : version);
}

int sbom_read_cyclonedx(struct sbom_reader *reader, const json_t *document, const char *what,
                        struct rb_err *err)
{
    const json_t *components = json_object_get(document, "components");
    if (components != NULL && !json_is_array(components))
        return rb_err_set(err, RB_EINVALID, "%s: \"components\" is no list", what);
    int status = add_components(reader, components, 0, what, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *tool = tool_of(document);
    reader->origin->words =
        rb_asprintf("CycloneDX %s by %s", rb_json_get_string(document, "specVersion", "?"), tool);
    return 0;
}
