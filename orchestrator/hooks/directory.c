/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/hooks/directory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* A source under one of the keys by which it is found: "git github.com/shop/code", and for when the
   host is another "git /shop/code". */
struct entry {
    char *key;
    const char *name;
    const struct rb_source *source;
    size_t number;
};

struct rb_hook_directory {
    struct entry *entries;
    size_t count;
    size_t capacity;
    bool sorted;
    struct rb_hook_match *names; /* of all sources, for globs */
    size_t name_count;
    size_t name_capacity;
};

enum { KEY_MAXIMUM = 1024 };

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* host/path of "scheme://user@host:port/path.git", "user@host:path", "host/path" or "/path". */
static void normalise(const char *where, bool is_git, char *out)
{
    const char *scheme = strstr(where, "://");
    const char *rest = scheme == NULL ? where : scheme + strlen("://");
    size_t host_size = strcspn(rest, "/");
    const char *user_end = memrchr(rest, '@', host_size);
    if (user_end != NULL) {
        host_size -= (size_t)(user_end + 1 - rest);
        rest = user_end + 1;
    }
    size_t name_size = strcspn(rest, ":/");
    const char *path = rest + host_size;
    /* scp's way has the path behind the colon; a port is only digits. */
    bool is_port = rest[name_size] == ':' &&
                   strspn(rest + name_size + 1, "0123456789") == host_size - name_size - 1;
    if (is_git && scheme == NULL && rest[name_size] == ':' && !is_port)
        path = rest + name_size + 1;
    if (!is_git)
        name_size = host_size;
    path += strspn(path, "/");
    size_t path_size = strcspn(path, "?#");
    while (path_size > 0 && path[path_size - 1] == '/')
        path_size--;
    if (is_git && path_size > 4 && strncmp(path + path_size - 4, ".git", 4) == 0)
        path_size -= 4;
    (void)snprintf(out, KEY_MAXIMUM, "%s %.*s/%.*s", is_git ? "git" : "image", (int)name_size, rest,
                   (int)path_size, path);
    lower(out);
}

/* The last two parts of the path, without the host: "git /shop/code". */
static void shorten(const char *key, char *out)
{
    const char *space = strchr(key, ' ');
    const char *from = space + 1 + strcspn(space + 1, "/");
    size_t parts = 0;
    for (const char *at = key + strlen(key); at > from; at--) {
        if (at[-1] == '/' && ++parts == 2) {
            from = at - 1;
            break;
        }
    }
    (void)snprintf(out, KEY_MAXIMUM, "%.*s%s", (int)(space + 1 - key), key, from);
}

struct rb_hook_directory *rb_hook_directory_new(void)
{
    return rb_zalloc(sizeof(struct rb_hook_directory));
}

void rb_hook_directory_free(struct rb_hook_directory *directory)
{
    if (directory == NULL)
        return;
    for (size_t i = 0; i < directory->count; i++)
        rb_free(directory->entries[i].key);
    rb_free(directory->entries);
    rb_free(directory->names);
    rb_free(directory);
}

static void add_entry(struct rb_hook_directory *directory, const char *key, const char *name,
                      const struct rb_source *source, size_t number)
{
    if (directory->count == directory->capacity) {
        directory->capacity = directory->capacity == 0 ? 64 : directory->capacity * 2;
        directory->entries =
            rb_reallocarray(directory->entries, directory->capacity, sizeof(*directory->entries));
    }
    directory->entries[directory->count++] =
        (struct entry){.key = rb_strdup(key), .name = name, .source = source, .number = number};
    directory->sorted = false;
}

void rb_hook_directory_add(struct rb_hook_directory *directory, const char *name,
                           const struct rb_source *source, size_t number)
{
    char key[KEY_MAXIMUM], tail[KEY_MAXIMUM];
    if (directory->name_count == directory->name_capacity) {
        directory->name_capacity =
            directory->name_capacity == 0 ? 64 : directory->name_capacity * 2;
        directory->names =
            rb_reallocarray(directory->names, directory->name_capacity, sizeof(*directory->names));
    }
    directory->names[directory->name_count++] = (struct rb_hook_match){name, number};
    if (source->kind != RB_SOURCE_GIT && source->kind != RB_SOURCE_IMAGE)
        return;
    bool is_git = source->kind == RB_SOURCE_GIT;
    normalise(is_git ? source->git.url : source->image.repository, is_git, key);
    add_entry(directory, key, name, source, number);
    shorten(key, tail);
    if (!rb_text_equal(key, tail))
        add_entry(directory, tail, name, source, number);
}

static int compare(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    return strcmp(left->key, right->key);
}

/* The first entry with the key; directory->count where there is none. */
static size_t find_first(const struct rb_hook_directory *directory, const char *key)
{
    size_t low = 0, high = directory->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(directory->entries[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < directory->count && strcmp(directory->entries[low].key, key) == 0;
    return found ? low : directory->count;
}

/* Does the source follow what the thing says moved? A source that names no one ref or tag may. */
static bool follows(const struct rb_source *source, const struct rb_hook_thing *thing)
{
    static const char heads[] = "refs/heads/";
    if (thing->what == NULL)
        return true;
    if (thing->kind == RB_HOOK_IMAGE)
        return source->image.tag == NULL || strcmp(source->image.tag, thing->what) == 0;
    const char *branch = source->git.branch;
    if (branch == NULL)
        return true;
    if (rb_text_starts_with(thing->what, "refs/"))
        return rb_text_starts_with(thing->what, heads) &&
               strcmp(thing->what + strlen(heads), branch) == 0;
    return strcmp(thing->what, branch) == 0;
}

struct found {
    struct rb_arena *arena;
    const char *const *globs;
    struct rb_hook_match *items;
    size_t count;
    size_t capacity;
};

static void add_match(struct found *found, const char *name, size_t number)
{
    bool allowed = found->globs == NULL;
    for (size_t i = 0; !allowed && found->globs[i] != NULL; i++)
        allowed = rb_text_glob(found->globs[i], name);
    for (size_t i = 0; allowed && i < found->count; i++)
        allowed = found->items[i].number != number;
    if (!allowed)
        return;
    found->items = rb_arena_grow(found->arena, found->items, found->count, &found->capacity,
                                 sizeof(*found->items));
    found->items[found->count++] = (struct rb_hook_match){.name = name, .number = number};
}

/* True when any source has the key, whether it follows or not. */
static bool find_key(const struct rb_hook_directory *directory, const char *key,
                     const struct rb_hook_thing *thing, struct found *found)
{
    size_t first = find_first(directory, key);
    for (size_t i = first; i < directory->count && strcmp(directory->entries[i].key, key) == 0;
         i++) {
        const struct entry *entry = &directory->entries[i];
        if (follows(entry->source, thing))
            add_match(found, entry->name, entry->number);
    }
    return first < directory->count;
}

static void find_thing(const struct rb_hook_directory *directory, const struct rb_hook_thing *thing,
                       struct found *found)
{
    char key[KEY_MAXIMUM], tail[KEY_MAXIMUM];
    if (thing->kind == RB_HOOK_SOURCE) {
        for (size_t i = 0; i < directory->name_count; i++) {
            if (rb_text_glob(thing->where, directory->names[i].name))
                add_match(found, directory->names[i].name, directory->names[i].number);
        }
        return;
    }
    normalise(thing->where, thing->kind == RB_HOOK_GIT, key);
    if (find_key(directory, key, thing, found))
        return;
    shorten(key, tail);
    (void)find_key(directory, tail, thing, found);
}

size_t rb_hook_directory_find(struct rb_hook_directory *directory, const struct rb_hook_news *news,
                              const char *const *globs, struct rb_arena *arena,
                              struct rb_hook_match **ret_matches)
{
    struct found found = {.arena = arena, .globs = globs};
    if (!directory->sorted && directory->count > 0)
        qsort(directory->entries, directory->count, sizeof(*directory->entries), compare);
    directory->sorted = true;
    for (size_t i = 0; i < news->count; i++)
        find_thing(directory, &news->things[i], &found);
    *ret_matches = found.items;
    return found.count;
}
