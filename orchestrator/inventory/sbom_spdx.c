/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX 2.3 (spdx.github.io/spdx-spec/v2.3), clauses 6 and 7. */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "sbom.h"

static const char *purl_of(const json_t *package)
{
    size_t i;
    const json_t *reference;
    json_array_foreach(json_object_get(package, "externalRefs"), i, reference)
    {
        if (rb_text_equal(rb_json_get_string(reference, "referenceType", NULL), "purl"))
            return rb_json_get_string(reference, "referenceLocator", NULL);
    }
    return NULL;
}

/* What the text says behind one of the beginnings; NULL where it says something else. */
static const char *behind(const char *text, const char *const *beginnings)
{
    for (; *beginnings != NULL; beginnings++) {
        if (rb_text_starts_with(text, *beginnings))
            return text + strlen(*beginnings);
    }
    return NULL;
}

/* "openssl 3.0.1-1", as Rebake and Trivy tell of it; NULL where it is not said. */
static char *source_of(const json_t *package, char **ret_version)
{
    static const char *const BEGINNINGS[] = {"built from source package ",
                                             "built package from: ", NULL};
    const char *text = behind(rb_json_get_string(package, "sourceInfo", ""), BEGINNINGS);
    *ret_version = NULL;
    if (text == NULL)
        return NULL;
    const char *space = strchr(text, ' ');
    *ret_version = space == NULL ? NULL : rb_strdup(space + 1);
    return rb_strndup(text, space == NULL ? strlen(text) : (size_t)(space - text));
}

static const char *path_of(const json_t *package)
{
    static const char *const BEGINNINGS[] = {"found in ", NULL};
    const char *path = behind(rb_json_get_string(package, "sourceInfo", ""), BEGINNINGS);
    return path != NULL ? path : rb_json_get_string(package, "packageFileName", NULL);
}

static void add_package(struct sbom_reader *reader, const json_t *package)
{
    static const char *const NO_PACKAGES[] = {"CONTAINER", "FILE", "SOURCE", "ARCHIVE"};
    const char *purpose = rb_json_get_string(package, "primaryPackagePurpose", "");
    if (rb_text_equal(purpose, "OPERATING_SYSTEM") || rb_text_equal(purpose, "OPERATING-SYSTEM")) {
        sbom_set_distribution(reader, rb_json_get_string(package, "name", ""),
                              rb_json_get_string(package, "versionInfo", ""),
                              rb_json_get_string(package, "summary", ""));
        return;
    }
    for (size_t i = 0; i < RB_COUNT_OF(NO_PACKAGES); i++) {
        if (rb_text_equal(purpose, NO_PACKAGES[i]))
            return;
    }
    char *version;
    RB_CLEANUP_FREE char *source = source_of(package, &version);
    RB_CLEANUP_FREE char *kept = version;
    const struct sbom_package told = {.purl = purl_of(package),
                                      .source_name = source,
                                      .source_version = kept,
                                      .path = path_of(package)};
    sbom_add(reader, &told);
}

static const char *tool_of(const json_t *document)
{
    static const char TOOL[] = "Tool: ";
    const json_t *creators = json_object_get(json_object_get(document, "creationInfo"), "creators");
    size_t i;
    const json_t *creator;
    json_array_foreach(creators, i, creator)
    {
        const char *text = json_string_value(creator);
        if (text != NULL && rb_text_starts_with(text, TOOL))
            return text + strlen(TOOL);
    }
    return "a tool that is not told";
}

int sbom_read_spdx(struct sbom_reader *reader, const json_t *document, const char *what,
                   struct rb_err *err)
{
    const json_t *packages = json_object_get(document, "packages"), *package;
    size_t i;
    if (packages != NULL && !json_is_array(packages))
        return rb_err_set(err, RB_EINVALID, "%s: \"packages\" is no list", what);
    json_array_foreach(packages, i, package) add_package(reader, package);
    reader->origin->words = rb_asprintf(
        "SPDX %s by %s", rb_json_get_string(document, "spdxVersion", "SPDX-2.?") + strlen("SPDX-"),
        tool_of(document));
    return 0;
}
