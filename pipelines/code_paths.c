/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a git source an image depends on. Without `paths` it is the tree at its context's path.
 * With them it is those of the paths that lie in the context, or the context itself where it lies
 * in one of them; and the recipe's file, which says what becomes of the rest.
 */
#include <string.h>

#include "model.h"
#include "rebake/base/text.h"

static bool lies_in(const char *path, const char *folder)
{
    size_t size = strlen(folder);
    if (strcmp(folder, ".") == 0 || strcmp(path, folder) == 0)
        return true;
    return strncmp(path, folder, size) == 0 && path[size] == '/';
}

static void add(const char **paths, size_t *count, const char *path)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(paths[i], path) == 0)
            return;
    }
    paths[(*count)++] = path;
}

bool rb_code_paths_find(struct rb_arena *arena, struct rb_image *image)
{
    const char *const *wanted = image->context_source->git.paths;
    const char *context = image->context_path;
    size_t count = 0, size = 0;
    while (wanted != NULL && wanted[size] != NULL)
        size++;
    const char **paths = rb_arena_array(arena, size + 2, sizeof(char *));
    image->code_paths = paths;
    for (size_t i = 0; i < size; i++) {
        if (lies_in(context, wanted[i])) {
            size = 0;
        } else if (lies_in(wanted[i], context)) {
            add(paths, &count, wanted[i]);
        }
    }
    if (size == 0) {
        paths[0] = context;
        paths[1] = NULL;
        return true;
    }
    if (count == 0)
        return false;
    add(paths, &count,
        strcmp(context, ".") == 0 ? image->recipe_file
                                  : rb_arena_printf(arena, "%s/%s", context, image->recipe_file));
    return true;
}
