/* SPDX-License-Identifier: Apache-2.0 */
#include "layer_view.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const struct layer_item FOLDER = {.kind = LAYER_FOLDER, .path = ""};

/* What the layer itself has at path; of several entries the last counts, as for tar. */
static const struct layer_item *own_item(const struct layer *layer, const char *path)
{
    for (size_t i = layer->count; i-- > 0;) {
        const struct layer_item *item = &layer->items[i];
        if (item->kind != LAYER_WHITEOUT && item->kind != LAYER_OPAQUE &&
            strcmp(item->path, path) == 0)
            return item;
    }
    return NULL;
}

/* Does the layer hide what the layers below it have at path? By a whiteout of it or of a parent, by
   an opaque parent, or because a parent is no folder any more. */
static bool hides(const struct layer *layer, const char *path)
{
    for (size_t i = 0; i < layer->count; i++) {
        const struct layer_item *item = &layer->items[i];
        bool below = file_tree_is_below(path, item->path);
        if (item->kind == LAYER_WHITEOUT ? below || strcmp(path, item->path) == 0
                                         : below && item->kind != LAYER_FOLDER)
            return true;
    }
    return false;
}

/* Folders need not be written down: what stands below one implies it. */
static bool implies_folder(const struct layer *layer, const char *path)
{
    for (size_t i = 0; i < layer->count; i++) {
        if (file_tree_is_below(layer->items[i].path, path))
            return true;
    }
    return false;
}

/* What stands at path seen from the layer `top` downwards; *ret_layer is where it was found. */
static const struct layer_item *look_up(const struct layer_view *view, const char *path, size_t top,
                                        size_t *ret_layer)
{
    for (size_t i = top; i < view->count; i++) {
        const struct layer_item *item = own_item(&view->layers[i], path);
        if (item == NULL && implies_folder(&view->layers[i], path))
            item = &FOLDER;
        if (item != NULL) {
            *ret_layer = i;
            return item;
        }
        if (hides(&view->layers[i], path))
            return NULL;
    }
    return NULL;
}

static const char *parent_of(struct rb_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? "" : rb_arena_strndup(arena, path, (size_t)(slash - path));
}

/* The path with every symbolic link on the way followed, the last included; NULL for a loop. Links
   stay inside the root, as after chroot(2). */
static const char *follow(struct layer_view *view, const char *path)
{
    const char *done = "", *rest = path;
    for (int links = 0; *rest != '\0';) {
        size_t size = strcspn(rest, "/"), layer;
        const char *part = rb_arena_strndup(view->arena, rest, size);
        rest += size + (rest[size] == '/');
        if (*part == '\0' || strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            done = parent_of(view->arena, done);
            continue;
        }
        const char *next = *done == '\0' ? part : rb_arena_printf(view->arena, "%s/%s", done, part);
        const struct layer_item *item = look_up(view, next, 0, &layer);
        if (item == NULL || item->kind != LAYER_SYMLINK) {
            done = next;
            continue;
        }
        if (++links > TREE_LINKS_MAXIMUM || strlen(item->target) + strlen(rest) > TREE_PATH_MAXIMUM)
            return NULL;
        if (item->target[0] == '/')
            done = "";
        rest = rb_arena_printf(view->arena, "%s/%s", item->target, rest);
    }
    return done;
}

static void want(struct layer_view *view, const char *path, bool tree)
{
    if (*path == '\0' || wanted_covers(view->wanted, path))
        return;
    wanted_add(view->wanted, path, tree);
    view->incomplete = true;
}

/* The regular file that path comes to, or NULL. */
static const struct layer_item *find_file(struct layer_view *view, const char *path)
{
    const char *final = follow(view, path);
    if (final == NULL)
        return NULL;
    want(view, final, false);
    size_t layer = 0;
    const struct layer_item *item = look_up(view, final, 0, &layer);
    /* A hard link is to what its own layer, or one below, has at that path. */
    for (int links = 0; item != NULL && item->kind == LAYER_HARDLINK; links++) {
        if (links == TREE_LINKS_MAXIMUM || strcmp(item->target, item->path) == 0)
            return NULL;
        want(view, item->target, false);
        item = look_up(view, item->target, layer, &layer);
    }
    return item != NULL && item->kind == LAYER_FILE ? item : NULL;
}

static void settle_tree(struct layer_view *view, const char *folder)
{
    const char *final = follow(view, folder);
    if (final != NULL)
        want(view, final, true);
    for (size_t i = 0; i < view->count; i++) {
        for (size_t j = 0; j < view->layers[i].count; j++) {
            const struct layer_item *item = &view->layers[i].items[j];
            if (file_tree_is_below(item->path, folder) &&
                (item->kind == LAYER_SYMLINK || item->kind == LAYER_HARDLINK))
                (void)find_file(view, item->path);
        }
    }
}

void layer_view_settle(struct layer_view *view)
{
    size_t count = view->wanted->count; /* what is added meanwhile is for the next reading */
    view->incomplete = false;
    for (size_t i = 0; i < count; i++) {
        const struct wanted_path wanted = view->wanted->paths[i];
        if (wanted.tree)
            settle_tree(view, wanted.path);
        else
            (void)find_file(view, wanted.path);
    }
}

static int read_file(void *context, const char *path, struct rb_arena *arena, const char **ret_data,
                     size_t *ret_size, struct rb_err *err)
{
    struct layer_view *view = context;
    (void)err;
    const struct layer_item *item = find_file(view, path);
    *ret_data = NULL;
    if (item == NULL || item->data == NULL)
        return 0;
    char *copy = rb_arena_alloc(arena, item->size + 1);
    memcpy(copy, item->data, item->size);
    *ret_data = copy;
    *ret_size = item->size;
    return 0;
}

static int list_files(void *context, const char *folder, struct rb_strlist *ret_paths,
                      struct rb_err *err)
{
    struct layer_view *view = context;
    (void)err;
    const char *final = follow(view, folder);
    for (size_t i = 0; final != NULL && i < view->count; i++) {
        for (size_t j = 0; j < view->layers[i].count; j++) {
            const struct layer_item *item = &view->layers[i].items[j];
            if (item->kind == LAYER_WHITEOUT || item->kind == LAYER_OPAQUE ||
                !file_tree_is_below(item->path, final) || find_file(view, item->path) == NULL)
                continue;
            rb_strlist_addf(ret_paths, "%s%s", folder, item->path + strlen(final));
        }
    }
    rb_strlist_sort(ret_paths);
    return 0;
}

struct file_tree layer_view_tree(struct layer_view *view)
{
    return (struct file_tree){.context = view, .read = read_file, .list = list_files};
}
