/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX 2.3 (spdx.github.io/spdx-spec/v2.3). Of equal inventories and times equal documents. */
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/package.h"

static const char DOCUMENT[] = "SPDXRef-DOCUMENT", IMAGE[] = "SPDXRef-Image";

/* What nobody has looked for: an SBOM that is silent of it would not be valid. */
static json_t *new_package(const char *id, const char *name, const char *version)
{
    static const char *const UNTOLD[] = {"downloadLocation", "licenseConcluded", "licenseDeclared",
                                         "copyrightText"};
    json_t *package = rb_json_object();
    rb_json_set_string(package, "SPDXID", id);
    rb_json_set_string(package, "name", name);
    if (version != NULL && *version != '\0')
        rb_json_set_string(package, "versionInfo", version);
    for (size_t i = 0; i < RB_COUNT_OF(UNTOLD); i++)
        rb_json_set_string(package, UNTOLD[i], "NOASSERTION");
    rb_json_set_bool(package, "filesAnalyzed", false);
    return package;
}

static void relate(json_t *relationships, const char *from, const char *type, const char *to)
{
    json_t *relationship = rb_json_object();
    rb_json_set_string(relationship, "spdxElementId", from);
    rb_json_set_string(relationship, "relationshipType", type);
    rb_json_set_string(relationship, "relatedSpdxElement", to);
    rb_json_append(relationships, relationship);
}

static void add_purl(json_t *json, const char *purl)
{
    json_t *reference = rb_json_object(), *references = rb_json_array();
    rb_json_set_string(reference, "referenceCategory", "PACKAGE-MANAGER");
    rb_json_set_string(reference, "referenceType", "purl");
    rb_json_set_string(reference, "referenceLocator", purl);
    rb_json_append(references, reference);
    rb_json_set(json, "externalRefs", references);
}

static void add_package(const struct rb_inventory *inventory, size_t position, json_t *packages,
                        json_t *relationships)
{
    const struct rb_package *package = &inventory->packages[position];
    RB_CLEANUP_FREE char *id = rb_asprintf("SPDXRef-Package-%zu", position + 1);
    RB_CLEANUP_FREE char *purl = rb_package_purl(inventory, package);
    RB_CLEANUP_FREE char *told = rb_package_type_is_distribution(package->type)
                                     ? rb_asprintf("built from source package %s %s",
                                                   package->source_name, package->source_version)
                                     : rb_asprintf("found in %s", package->path);
    json_t *json = new_package(id, package->name, package->version);
    rb_json_set_string(json, "sourceInfo", told);
    add_purl(json, purl);
    rb_json_append(packages, json);
    relate(relationships, IMAGE, "CONTAINS", id);
}

static void add_distribution(const struct rb_inventory *inventory, json_t *packages,
                             json_t *relationships)
{
    static const char ID[] = "SPDXRef-OperatingSystem";
    const char *version = *inventory->distribution_version != '\0' ? inventory->distribution_version
                                                                   : inventory->codename;
    json_t *json = new_package(ID, inventory->distribution, version);
    rb_json_set_string(json, "primaryPackagePurpose", "OPERATING_SYSTEM");
    if (*inventory->pretty_name != '\0')
        rb_json_set_string(json, "summary", inventory->pretty_name);
    rb_json_append(packages, json);
    relate(relationships, IMAGE, "CONTAINS", ID);
}

static void add_creation(json_t *document, int64_t created_at)
{
    char created[RB_TIME_TEXT_SIZE];
    json_t *info = rb_json_object(), *creators = rb_json_array();
    rb_json_append_string(creators, "Tool: rebake");
    rb_json_set_string(info, "created", rb_time_format(created_at, created));
    rb_json_set(info, "creators", creators);
    rb_json_set(document, "creationInfo", info);
}

/* A document's name for itself has to be its own: it is made of all that it says. */
static void add_namespace(json_t *document)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *text = rb_json_canonical(document);
    RB_CLEANUP_FREE char *name =
        rb_asprintf("urn:rebake:spdx:sha256:%s", rb_sha256_of(text, strlen(text), hex));
    rb_json_set_string(document, "documentNamespace", name);
}

json_t *rb_inventory_to_spdx(const struct rb_inventory *inventory, const char *subject,
                             const char *subject_version, int64_t created_at)
{
    json_t *packages = rb_json_array(), *relationships = rb_json_array();
    json_t *image = new_package(IMAGE, subject, subject_version);
    rb_json_set_string(image, "primaryPackagePurpose", "CONTAINER");
    rb_json_append(packages, image);
    relate(relationships, DOCUMENT, "DESCRIBES", IMAGE);
    if (*inventory->distribution != '\0')
        add_distribution(inventory, packages, relationships);
    for (size_t i = 0; i < inventory->package_count; i++)
        add_package(inventory, i, packages, relationships);
    json_t *document = rb_json_object();
    rb_json_set_string(document, "spdxVersion", "SPDX-2.3");
    rb_json_set_string(document, "dataLicense", "CC0-1.0");
    rb_json_set_string(document, "SPDXID", DOCUMENT);
    rb_json_set_string(document, "name", subject);
    add_creation(document, created_at);
    rb_json_set(document, "packages", packages);
    rb_json_set(document, "relationships", relationships);
    add_namespace(document);
    return document;
}
