/* SPDX-License-Identifier: Apache-2.0 */
#include "language_document.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/inventory/pypi_name.h"
#include "rebake/inventory/version.h"

const struct rb_language_protocol *rb_language_protocol(enum rb_source_kind kind)
{
    static const struct rb_language_protocol PYPI = {.accept =
                                                         "application/vnd.pypi.simple.v1+json",
                                                     .order = &rb_version_pypi,
                                                     .ends_with_slash = true};
    static const struct rb_language_protocol NPM = {.accept = "application/vnd.npm.install-v1+json",
                                                    .order = &rb_version_semver};
    return kind == RB_SOURCE_PYPI ? &PYPI : &NPM;
}

char *rb_language_name(enum rb_source_kind kind, const char *package)
{
    return kind == RB_SOURCE_PYPI ? rb_pypi_name(package) : rb_strdup(package);
}

/* The slash behind a scope is a part of the name: npm wants it written as one. */
char *rb_language_url(enum rb_source_kind kind, const char *registry, const char *package)
{
    RB_CLEANUP_FREE char *name = rb_language_name(kind, package);
    const char *end = rb_language_protocol(kind)->ends_with_slash ? "/" : "";
    char *slash = strchr(name, '/');
    if (slash == NULL)
        return rb_asprintf("%s/%s%s", registry, name, end);
    *slash = '\0';
    return rb_asprintf("%s/%s%%2f%s%s", registry, name, slash + 1, end);
}

/* ── pypi ───────────────────────────────────────────────────────────────────────────────────── */

/* The version that a file is of; NULL for one that is none of the two formats. The caller frees it.
 */
static char *version_of_file(const char *name)
{
    static const char *const SOURCES[] = {".tar.gz", ".zip", ".tar.bz2"};
    if (rb_text_ends_with(name, ".whl")) {
        const char *begin = strchr(name, '-');
        const char *end = begin == NULL ? NULL : strchr(begin + 1, '-');
        return end == NULL ? NULL : rb_strndup(begin + 1, (size_t)(end - begin - 1));
    }
    for (size_t i = 0; i < RB_COUNT_OF(SOURCES); i++) {
        const char *dash = strrchr(name, '-');
        if (dash != NULL && rb_text_ends_with(dash, SOURCES[i]))
            return rb_strndup(dash + 1, strlen(dash + 1) - strlen(SOURCES[i]));
    }
    return NULL;
}

/* "yanked" is true, or the reason for it. */
static bool is_yanked(const json_t *file)
{
    const json_t *yanked = json_object_get(file, "yanked");
    return json_is_true(yanked) || json_is_string(yanked);
}

static void note_time(const json_t *object, const char *member, int64_t *newest_at)
{
    const char *text = rb_json_get_string(object, member, NULL);
    int64_t at;
    if (text != NULL && rb_time_parse(text, &at, NULL) == 0 && at > *newest_at)
        *newest_at = at;
}

static int read_pypi(const json_t *document, const char *what, struct rb_strlist *versions,
                     int64_t *newest_at, struct rb_err *err)
{
    const json_t *files = json_object_get(document, "files"), *file;
    const char *version =
        rb_json_get_string(json_object_get(document, "meta"), "api-version", "none");
    size_t i;
    if (!rb_text_starts_with(version, "1."))
        return rb_err_set(err, RB_EINVALID, "%s: the API's version is %.20s: 1 is read", what,
                          version);
    if (!json_is_array(files))
        return rb_err_set(err, RB_EINVALID, "%s: \"files\" is not an array", what);
    json_array_foreach(files, i, file)
    {
        RB_CLEANUP_FREE char *of_file =
            is_yanked(file) ? NULL : version_of_file(rb_json_get_string(file, "filename", ""));
        if (of_file == NULL || !rb_version_is_pypi(of_file))
            continue;
        rb_strlist_add(versions, of_file);
        note_time(file, "upload-time", newest_at);
    }
    return 0;
}

/* ── npm ────────────────────────────────────────────────────────────────────────────────────── */

static bool is_deprecated(const json_t *version)
{
    const json_t *deprecated = json_object_get(version, "deprecated");
    return json_is_true(deprecated) ||
           (json_is_string(deprecated) && *json_string_value(deprecated) != '\0');
}

static int read_npm(const json_t *document, const char *what, struct rb_strlist *versions,
                    int64_t *newest_at, struct rb_err *err)
{
    const struct rb_version_order *order = &rb_version_semver;
    json_t *all = json_object_get(document, "versions");
    const char *latest = rb_json_get_string(json_object_get(document, "dist-tags"), "latest", NULL);
    if (!json_is_object(all) || latest == NULL)
        return rb_err_set(err, RB_EINVALID,
                          "%s: no object \"versions\", or no tag \"latest\" in \"dist-tags\"",
                          what);
    const char *name;
    json_t *version;
    json_object_foreach(all, name, version)
    {
        if (order->is_version(name) && !is_deprecated(version) && order->compare(name, latest) <= 0)
            rb_strlist_add(versions, name);
    }
    note_time(document, "modified", newest_at);
    return 0;
}

/* ── both ───────────────────────────────────────────────────────────────────────────────────── */

static int compare(const void *left, const void *right, void *context)
{
    const struct rb_version_order *order = context;
    const char *const *a = left, *const *b = right;
    int difference = order->compare(*a, *b);
    return difference != 0 ? difference : strcmp(*a, *b);
}

static json_t *make_array(enum rb_source_kind kind, struct rb_strlist *versions)
{
    json_t *array = rb_json_array();
    if (versions->count > 0)
        qsort_r(versions->items, versions->count, sizeof(*versions->items), compare,
                (void *)(uintptr_t)rb_language_protocol(kind)->order);
    for (size_t i = 0; i < versions->count; i++) {
        if (i == 0 || strcmp(versions->items[i], versions->items[i - 1]) != 0)
            rb_json_append_string(array, versions->items[i]);
    }
    return array;
}

int rb_language_read(enum rb_source_kind kind, const char *data, size_t size, const char *what,
                     json_t **ret_versions, int64_t *ret_newest_at, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *document = NULL;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist versions = {0};
    *ret_newest_at = 0;
    int status = rb_json_parse(data, size, what, &document, err);
    if (status == 0)
        status = kind == RB_SOURCE_PYPI ? read_pypi(document, what, &versions, ret_newest_at, err)
                                        : read_npm(document, what, &versions, ret_newest_at, err);
    if (status == 0)
        *ret_versions = make_array(kind, &versions);
    return status;
}
