/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/hooks/directory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* A source under one of the keys by which it is found: "git github.com/shop/code", and for when the
   host is another "git /shop/code". */
struct entry {
    char *key;
    const char *name;
    const struct rb_source *source;
    const struct rb_tag_choice *choice; /* of a source of tags, owned by the directory; or NULL */
    size_t number;
};

struct rb_hook_directory {
    struct entry *entries;
    size_t count;
    size_t capacity;
    bool sorted;
    struct rb_tag_choice **choices;
    size_t choice_count;
    size_t choice_capacity;
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

static const char *word_of(enum rb_hook_thing_kind kind)
{
    return kind == RB_HOOK_GIT ? "git" : kind == RB_HOOK_IMAGE ? "image" : "url";
}

/* Where the path begins, behind an authority of that size; name_size is that of its host. */
static const char *find_path(const char *rest, size_t authority_size, enum rb_hook_thing_kind kind,
                             bool has_scheme, size_t *ret_name_size)
{
    size_t name_size = strcspn(rest, ":/");
    /* scp's way has the path behind the colon; a port is only digits. */
    bool is_port = rest[name_size] == ':' &&
                   strspn(rest + name_size + 1, "0123456789") == authority_size - name_size - 1;
    *ret_name_size = kind == RB_HOOK_GIT ? name_size : authority_size;
    if (kind == RB_HOOK_GIT && !has_scheme && rest[name_size] == ':' && !is_port)
        return rest + name_size + 1;
    return rest + authority_size;
}

/* host/path of "scheme://user@host:port/path.git", "user@host:path", "host/path" or "/path". */
static void normalise(const char *where, enum rb_hook_thing_kind kind, char *out)
{
    const char *scheme = strstr(where, "://");
    const char *rest = scheme == NULL ? where : scheme + strlen("://");
    size_t authority_size = strcspn(rest, "/"), name_size;
    const char *user_end = memrchr(rest, '@', authority_size);
    if (user_end != NULL) {
        authority_size -= (size_t)(user_end + 1 - rest);
        rest = user_end + 1;
    }
    const char *path = find_path(rest, authority_size, kind, scheme != NULL, &name_size);
    path += strspn(path, "/");
    size_t path_size = strcspn(path, kind == RB_HOOK_URL ? "#" : "?#");
    while (path_size > 0 && path[path_size - 1] == '/')
        path_size--;
    if (kind == RB_HOOK_GIT && path_size > 4 && strncmp(path + path_size - 4, ".git", 4) == 0)
        path_size -= 4;
    (void)snprintf(out, KEY_MAXIMUM, "%s %.*s/%.*s", word_of(kind), (int)name_size, rest,
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
    for (size_t i = 0; i < directory->choice_count; i++)
        rb_tag_choice_free(directory->choices[i]);
    rb_free(directory->choices);
    rb_free(directory->entries);
    rb_free(directory->names);
    rb_free(directory);
}

/* The policy of a source of tags; NULL: it is none. */
static const struct rb_tag_choice *add_choice(struct rb_hook_directory *directory,
                                              const struct rb_source *source)
{
    const struct rb_tag_policy *policy = NULL;
    struct rb_tag_choice *choice;
    if (rb_source_is_git(source) && source->git.branch == NULL)
        policy = &source->git.tags;
    else if (source->kind == RB_SOURCE_IMAGE && source->image.tag == NULL &&
             source->image.digest == NULL)
        policy = &source->image.tags;
    if (policy == NULL || rb_tag_choice_new(policy, &choice, NULL) != 0)
        return NULL;
    if (directory->choice_count == directory->choice_capacity) {
        directory->choice_capacity =
            directory->choice_capacity == 0 ? 16 : directory->choice_capacity * 2;
        directory->choices = rb_reallocarray(directory->choices, directory->choice_capacity,
                                             sizeof(struct rb_tag_choice *));
    }
    return directory->choices[directory->choice_count++] = choice;
}

static void add_entry(struct rb_hook_directory *directory, const char *key,
                      const struct entry *entry)
{
    if (directory->count == directory->capacity) {
        directory->capacity = directory->capacity == 0 ? 64 : directory->capacity * 2;
        directory->entries =
            rb_reallocarray(directory->entries, directory->capacity, sizeof(*directory->entries));
    }
    directory->entries[directory->count] = *entry;
    directory->entries[directory->count++].key = rb_strdup(key);
    directory->sorted = false;
}

/* With each of its addresses; NULL where it has no such one. */
static void add_url(struct rb_hook_directory *directory, const char *url, const struct entry *entry)
{
    char key[KEY_MAXIMUM];
    if (url == NULL)
        return;
    normalise(url, RB_HOOK_URL, key);
    add_entry(directory, key, entry);
}

static void add_repository(struct rb_hook_directory *directory, enum rb_hook_thing_kind kind,
                           const char *where, const struct entry *entry)
{
    char key[KEY_MAXIMUM], tail[KEY_MAXIMUM];
    normalise(where, kind, key);
    add_entry(directory, key, entry);
    shorten(key, tail);
    if (!rb_text_equal(key, tail))
        add_entry(directory, tail, entry);
}

static void add_name(struct rb_hook_directory *directory, const char *name, size_t number)
{
    if (directory->name_count == directory->name_capacity) {
        directory->name_capacity =
            directory->name_capacity == 0 ? 64 : directory->name_capacity * 2;
        directory->names =
            rb_reallocarray(directory->names, directory->name_capacity, sizeof(*directory->names));
    }
    directory->names[directory->name_count++] = (struct rb_hook_match){name, number};
}

void rb_hook_directory_add(struct rb_hook_directory *directory, const char *name,
                           const struct rb_source *source, size_t number)
{
    const struct entry entry = {
        .name = name, .source = source, .choice = add_choice(directory, source), .number = number};
    add_name(directory, name, number);
    switch (source->kind) {
    case RB_SOURCE_GIT:
    case RB_SOURCE_PIPELINE:
        add_repository(directory, RB_HOOK_GIT, source->git.url, &entry);
        break;
    case RB_SOURCE_IMAGE:
        add_repository(directory, RB_HOOK_IMAGE, source->image.repository, &entry);
        break;
    case RB_SOURCE_APT:
        add_url(directory, source->apt.url, &entry);
        break;
    case RB_SOURCE_RPM:
        add_url(directory, source->rpm.url, &entry);
        add_url(directory, source->rpm.mirrorlist, &entry);
        break;
    case RB_SOURCE_APK:
        add_url(directory, source->apk.url, &entry);
        break;
    case RB_SOURCE_PYPI:
    case RB_SOURCE_NPM:
        add_url(directory, source->language.url, &entry);
        break;
    case RB_SOURCE_HTTP:
    case RB_SOURCE_OSV:
    case RB_SOURCE_DEBIAN_TRACKER:
    case RB_SOURCE_SECDB:
    case RB_SOURCE_KEV:
    case RB_SOURCE_EPSS:
        add_url(directory, source->file.url, &entry);
        add_url(directory, source->file.checksums, &entry);
        add_url(directory, source->file.signature, &entry);
        break;
    }
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
                     const struct rb_hook_thing *thing, const char *rest, struct found *found)
{
    size_t first = find_first(directory, key);
    for (size_t i = first; i < directory->count && strcmp(directory->entries[i].key, key) == 0;
         i++) {
        const struct entry *entry = &directory->entries[i];
        if (hook_follows(entry->source, entry->choice, thing, rest))
            add_match(found, entry->name, entry->number);
    }
    return first < directory->count;
}

static void find_names(const struct rb_hook_directory *directory, const char *glob,
                       struct found *found)
{
    for (size_t i = 0; i < directory->name_count; i++) {
        if (rb_text_glob(glob, directory->names[i].name))
            add_match(found, directory->names[i].name, directory->names[i].number);
    }
}

/* What is there, and what it lies in, folder by folder up to the host: "url HOST/". */
static void find_url(const struct rb_hook_directory *directory, const struct rb_hook_thing *thing,
                     struct found *found)
{
    char key[KEY_MAXIMUM], folder[KEY_MAXIMUM];
    normalise(thing->where, RB_HOOK_URL, key);
    (void)find_key(directory, key, thing, "", found);
    size_t root = strcspn(key, "/");
    for (size_t end = strlen(key); end > root + 1;) {
        while (key[end - 1] != '/')
            end--;
        end--; /* at the slash before what is named */
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(end > root ? end : root + 1), key);
        (void)find_key(directory, folder, thing, key + end, found);
    }
}

static void find_thing(const struct rb_hook_directory *directory, const struct rb_hook_thing *thing,
                       struct found *found)
{
    char key[KEY_MAXIMUM], tail[KEY_MAXIMUM];
    if (thing->kind == RB_HOOK_SOURCE) {
        find_names(directory, thing->where, found);
        return;
    }
    if (thing->kind == RB_HOOK_URL) {
        find_url(directory, thing, found);
        return;
    }
    normalise(thing->where, thing->kind, key);
    if (find_key(directory, key, thing, "", found))
        return;
    shorten(key, tail);
    (void)find_key(directory, tail, thing, "", found);
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
