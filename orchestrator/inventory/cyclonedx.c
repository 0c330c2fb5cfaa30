/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.6 (cyclonedx.org/docs/1.6/json). Without a serial number and a time, so that equal
   inventories give equal documents. */
#include "rebake/base/memory.h"
#include "rebake/inventory/package.h"

static void append_property(json_t *properties, const char *name, const char *value)
{
    json_t *property = rb_json_object();
    rb_json_set_string(property, "name", name);
    rb_json_set_string(property, "value", value);
    rb_json_append(properties, property);
}

static json_t *package_component(const struct rb_inventory *inventory,
                                 const struct rb_package *package)
{
    RB_CLEANUP_FREE char *purl = rb_package_purl(inventory, package);
    /* One version of a language's package may be there at several places. */
    RB_CLEANUP_FREE char *reference =
        *package->path == '\0' ? rb_strdup(purl) : rb_asprintf("%s#%s", purl, package->path);
    json_t *properties = rb_json_array();
    if (rb_package_type_is_distribution(package->type)) {
        append_property(properties, "rebake:source:name", package->source_name);
        append_property(properties, "rebake:source:version", package->source_version);
        if (*package->module != '\0')
            append_property(properties, "rebake:module", package->module);
    } else {
        append_property(properties, "rebake:path", package->path);
    }
    json_t *component = rb_json_object();
    rb_json_set_string(component, "type", "library");
    rb_json_set_string(component, "bom-ref", reference);
    rb_json_set_string(component, "name", package->name);
    rb_json_set_string(component, "version", package->version);
    rb_json_set_string(component, "purl", purl);
    rb_json_set(component, "properties", properties);
    return component;
}

static json_t *distribution_component(const struct rb_inventory *inventory)
{
    json_t *component = rb_json_object();
    rb_json_set_string(component, "type", "operating-system");
    rb_json_set_string(component, "bom-ref", "operating-system");
    rb_json_set_string(component, "name", inventory->distribution);
    const char *version = *inventory->distribution_version != '\0' ? inventory->distribution_version
                                                                   : inventory->codename;
    if (*version != '\0')
        rb_json_set_string(component, "version", version);
    if (*inventory->pretty_name != '\0')
        rb_json_set_string(component, "description", inventory->pretty_name);
    return component;
}

static json_t *metadata(const char *subject, const char *subject_version)
{
    json_t *component = rb_json_object();
    rb_json_set_string(component, "type", "container");
    rb_json_set_string(component, "bom-ref", "subject");
    rb_json_set_string(component, "name", subject);
    if (subject_version != NULL && *subject_version != '\0')
        rb_json_set_string(component, "version", subject_version);
    json_t *tool = rb_json_object();
    rb_json_set_string(tool, "type", "application");
    rb_json_set_string(tool, "name", "rebake");
    json_t *tool_components = rb_json_array();
    rb_json_append(tool_components, tool);
    json_t *tools = rb_json_object();
    rb_json_set(tools, "components", tool_components);
    json_t *metadata = rb_json_object();
    rb_json_set(metadata, "tools", tools);
    rb_json_set(metadata, "component", component);
    return metadata;
}

json_t *rb_inventory_to_cyclonedx(const struct rb_inventory *inventory, const char *subject,
                                  const char *subject_version)
{
    json_t *components = rb_json_array();
    if (*inventory->distribution != '\0')
        rb_json_append(components, distribution_component(inventory));
    for (size_t i = 0; i < inventory->package_count; i++)
        rb_json_append(components, package_component(inventory, &inventory->packages[i]));
    json_t *document = rb_json_object();
    rb_json_set_string(document, "bomFormat", "CycloneDX");
    rb_json_set_string(document, "specVersion", "1.6");
    rb_json_set_integer(document, "version", 1);
    rb_json_set(document, "metadata", metadata(subject, subject_version));
    rb_json_set(document, "components", components);
    return document;
}
