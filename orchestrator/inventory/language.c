/* SPDX-License-Identifier: Apache-2.0 */
#include "language.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { NAME_MAXIMUM = 512, PACKAGES_MAXIMUM = 1000000 };
static const uint64_t UNPACKED_MAXIMUM = UINT64_C(32) << 30;

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Is the folder that the path stands in called so, at its end? */
static bool is_in_folder(const char *path, const char *ending)
{
    const char *name = last_part(path);
    size_t size = strlen(ending);
    return name > path && (size_t)(name - path) > size &&
           memcmp(name - 1 - size, ending, size) == 0;
}

static bool is_python(const char *path, const char *name)
{
    if (rb_text_equal(name, "METADATA"))
        return is_in_folder(path, ".dist-info");
    if (rb_text_equal(name, "PKG-INFO"))
        return is_in_folder(path, ".egg-info") || is_in_folder(path, "EGG-INFO");
    return rb_text_ends_with(name, ".egg-info");
}

/* The part of the path before the one that begins at `at`; NULL where that is the first. */
static const char *part_before(const char *path, const char *at, size_t *ret_size)
{
    if (at == path)
        return NULL;
    const char *begin = at - 1;
    while (begin > path && begin[-1] != '/')
        begin--;
    *ret_size = (size_t)(at - 1 - begin);
    return begin;
}

/* node_modules/NAME/package.json or node_modules/@SCOPE/NAME/package.json */
static bool is_npm(const char *path, const char *name)
{
    static const char FOLDER[] = "node_modules";
    size_t size = 0;
    if (!rb_text_equal(name, "package.json"))
        return false;
    const char *part = part_before(path, name, &size);
    part = part == NULL ? NULL : part_before(path, part, &size);
    if (part != NULL && *part == '@')
        part = part_before(path, part, &size);
    return part != NULL && size == strlen(FOLDER) && memcmp(part, FOLDER, size) == 0;
}

enum language_file language_file_of(const char *path, bool is_executable)
{
    static const char *const ARCHIVES[] = {".jar", ".war", ".ear", ".hpi", ".jpi"};
    const char *name = last_part(path);
    if (is_python(path, name))
        return LANGUAGE_PYTHON;
    if (is_npm(path, name))
        return LANGUAGE_NPM;
    if (rb_text_ends_with(name, ".gemspec") &&
        (is_in_folder(path, "specifications") || is_in_folder(path, "specifications/default")))
        return LANGUAGE_GEM;
    for (size_t i = 0; i < RB_COUNT_OF(ARCHIVES); i++) {
        if (rb_text_ends_with(name, ARCHIVES[i]))
            return LANGUAGE_JAVA;
    }
    return is_executable ? LANGUAGE_PROGRAM : LANGUAGE_NONE;
}

int language_read(enum language_file kind, const char *path, const struct file_bytes *bytes,
                  struct rb_inventory *inventory, struct rb_err *err)
{
    static language_reader *const READERS[LANGUAGE_FILE_COUNT] = {
        [LANGUAGE_PYTHON] = python_read,   [LANGUAGE_NPM] = npm_read,
        [LANGUAGE_GEM] = gem_read,         [LANGUAGE_JAVA] = java_read,
        [LANGUAGE_PROGRAM] = program_read,
    };
    size_t before = inventory->package_count;
    int status = kind == LANGUAGE_NONE ? 0 : READERS[kind](path, bytes, inventory, err);
    bytes->budget->packages += inventory->package_count - before;
    if (status == 0 && bytes->budget->packages > PACKAGES_MAXIMUM)
        status = rb_err_set(err, RB_ELIMIT, "the image has more than %d packages of languages",
                            PACKAGES_MAXIMUM);
    return status;
}

bool file_bytes_whole(const struct file_bytes *bytes, struct rb_strbuf *out, int *ret_status,
                      struct rb_err *err)
{
    char piece[16384];
    size_t size = 0;
    do {
        *ret_status = bytes->read(bytes->context, piece, sizeof(piece), &size, err);
        if (*ret_status != 0 || !rb_strbuf_append(out, piece, size))
            return false;
    } while (size > 0);
    return true;
}

int file_bytes_unpacked(const struct file_bytes *bytes, size_t size, struct rb_err *err)
{
    bytes->budget->unpacked_bytes += size;
    if (bytes->budget->unpacked_bytes <= UNPACKED_MAXIMUM)
        return 0;
    return rb_err_set(err, RB_ELIMIT,
                      "archives and programs in the image unpack to more than %llu bytes",
                      (unsigned long long)UNPACKED_MAXIMUM);
}

static bool is_plain(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    }
    return size > 0 && size <= NAME_MAXIMUM;
}

void language_add(struct rb_inventory *inventory, enum rb_package_type type, const char *name,
                  const char *version, const char *path)
{
    if (name == NULL || version == NULL || !is_plain(name) || !is_plain(version))
        return;
    const struct rb_package package = {
        .type = type, .name = name, .version = version, .path = path};
    rb_inventory_add(inventory, &package);
}
