/* SPDX-License-Identifier: Apache-2.0 */
#include "image_apt.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

const struct rb_kept_file *rb_image_file(const struct rb_scan *scan, const char *path)
{
    while (*path == '/')
        path++;
    for (size_t i = 0; i < scan->file_count; i++) {
        if (rb_text_equal(scan->files[i].path, path))
            return &scan->files[i];
    }
    return NULL;
}

/* As apt's GetListOfFilesInDir: other names are backups and leftovers of editors. */
static bool is_read_by_apt(const char *name, const char *const *extensions)
{
    if (*name == '\0' || *name == '.')
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && strchr("_-:.", *at) == NULL)
            return false;
    }
    const char *dot = strrchr(name, '.');
    const char *extension = dot == NULL ? "" : dot + 1;
    while (*extensions != NULL && !rb_text_equal(*extensions, extension))
        extensions++;
    return *extensions != NULL;
}

struct rb_strlist rb_image_folder(const struct rb_scan *scan, const char *folder,
                                  const char *const *extensions)
{
    struct rb_strlist paths = {0};
    for (size_t i = 0; i < scan->file_count; i++) {
        const char *path = scan->files[i].path;
        if (rb_text_starts_with(path, folder) && is_read_by_apt(path + strlen(folder), extensions))
            rb_strlist_add(&paths, path);
    }
    rb_strlist_sort(&paths);
    return paths;
}

/* Reads one kept file into the image's configuration. */
typedef int read_file(struct rb_image_apt *apt, const struct rb_kept_file *file,
                      struct rb_err *err);

static int read_folder(const struct rb_scan *scan, struct rb_image_apt *apt, const char *folder,
                       const char *const *extensions, read_file *read, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit)
    struct rb_strlist paths = rb_image_folder(scan, folder, extensions);
    for (size_t i = 0; i < paths.count; i++) {
        int status = read(apt, rb_image_file(scan, paths.items[i]), err);
        if (status != 0)
            return status;
    }
    return 0;
}

static int read_one(const struct rb_scan *scan, struct rb_image_apt *apt, const char *path,
                    read_file *read, struct rb_err *err)
{
    const struct rb_kept_file *file = rb_image_file(scan, path);
    return file == NULL ? 0 : read(apt, file, err);
}

static int read_sources(struct rb_image_apt *apt, const struct rb_kept_file *file,
                        struct rb_err *err)
{
    return rb_apt_sources_parse(file->data, file->size, rb_text_ends_with(file->path, ".sources"),
                                file->path, apt->arena, &apt->sources, &apt->source_count,
                                &apt->source_capacity, err);
}

static int read_preferences(struct rb_image_apt *apt, const struct rb_kept_file *file,
                            struct rb_err *err)
{
    return rb_preferences_add(apt->preferences, file->data, file->size, file->path, err);
}

static void take_option(void *context, const char *name, const char *value)
{
    struct rb_image_apt *apt = context;
    if (strcasecmp(name, "APT::Default-Release") == 0)
        rb_preferences_set_default_release(apt->preferences, value);
    if (strcasecmp(name, "Acquire::Check-Valid-Until") == 0)
        apt->may_be_old = strcasecmp(value, "false") == 0 || strcasecmp(value, "no") == 0 ||
                          rb_text_equal(value, "0");
}

static int read_conf(struct rb_image_apt *apt, const struct rb_kept_file *file, struct rb_err *err)
{
    return rb_apt_conf_read(file->data, file->size, file->path, take_option, apt, err);
}

/* In apt's own order, on which the outcome of equal rules depends. */
static int read_all(const struct rb_scan *scan, struct rb_image_apt *apt, struct rb_err *err)
{
    static const char *const lists[] = {"list", "sources", NULL};
    static const char *const confs[] = {"conf", "", NULL};
    static const char *const prefs[] = {"pref", "", NULL};
    int status = read_one(scan, apt, "etc/apt/sources.list", read_sources, err);
    if (status == 0)
        status = read_folder(scan, apt, "etc/apt/sources.list.d/", lists, read_sources, err);
    if (status == 0)
        status = read_folder(scan, apt, "etc/apt/apt.conf.d/", confs, read_conf, err);
    if (status == 0)
        status = read_one(scan, apt, "etc/apt/apt.conf", read_conf, err);
    if (status == 0)
        status = read_one(scan, apt, "etc/apt/preferences", read_preferences, err);
    if (status == 0)
        status = read_folder(scan, apt, "etc/apt/preferences.d/", prefs, read_preferences, err);
    return status;
}

int rb_image_apt_read(const struct rb_scan *scan, struct rb_image_apt *ret_apt, struct rb_err *err)
{
    struct rb_image_apt apt = {.arena = rb_arena_new(), .preferences = rb_preferences_new()};
    int status = read_all(scan, &apt, err);
    if (status != 0) {
        rb_image_apt_deinit(&apt);
        return status;
    }
    *ret_apt = apt;
    return 0;
}

void rb_image_apt_deinit(struct rb_image_apt *apt)
{
    rb_arena_free(apt->arena);
    rb_preferences_free(apt->preferences);
    *apt = (struct rb_image_apt){0};
}

int rb_image_apt_add_line(struct rb_image_apt *apt, const char *line, struct rb_err *err)
{
    size_t before = apt->source_count;
    int status =
        rb_apt_sources_parse(line, strlen(line), false, "--with", apt->arena, &apt->sources,
                             &apt->source_count, &apt->source_capacity, err);
    if (status == 0 && apt->source_count == before)
        status = rb_err_set(err, RB_EINVALID, "--with \"%s\" names no source of packages", line);
    return status;
}
