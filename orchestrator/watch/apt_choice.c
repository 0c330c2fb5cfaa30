/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_choice.h"

#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

/* The largest real ones: Ubuntu's universe with 20 MB packed, Debian's main with 60 MB plain. */
static const int64_t PACKED_MAXIMUM = 256 << 20;
static const int64_t PLAIN_MAXIMUM = INT64_C(2) << 30;

/* bzip2 is left out: whoever has it has another form beside it. */
static const char *const SUFFIXES[RB_APT_COMPRESSIONS] = {".xz", ".zst", ".gz", ""};

static bool field_has_word(const struct rb_apt_release *release, const char *name, const char *word)
{
    const char *at = rb_apt_release_field(release, name);
    while (at != NULL && *at != '\0') {
        size_t size = strcspn(at, " \t");
        if (size == strlen(word) && strncmp(at, word, size) == 0)
            return true;
        at += size;
        at += strspn(at, " \t");
    }
    return false;
}

static struct rb_apt_index find_index(const struct rb_apt_release *release, const char *component,
                                      const char *architecture)
{
    struct rb_apt_index index = {0};
    for (size_t i = 0; i < RB_APT_COMPRESSIONS; i++) {
        RB_CLEANUP_FREE char *path =
            rb_asprintf("%s/binary-%s/Packages%s", component, architecture, SUFFIXES[i]);
        const struct rb_apt_file *file = rb_apt_release_file(release, path);
        if (file != NULL)
            index.forms[index.form_count++] = file;
        if (file != NULL && SUFFIXES[i][0] == '\0')
            index.plain = file;
    }
    return index;
}

static int judge_sizes(const struct rb_apt_index *index, const char *what, struct rb_err *err)
{
    for (size_t i = 0; i < index->form_count; i++) {
        const struct rb_apt_file *file = index->forms[i];
        int64_t maximum = file == index->plain ? PLAIN_MAXIMUM : PACKED_MAXIMUM;
        if (file->size_bytes > maximum)
            return rb_err_set(err, RB_ELIMIT, "%s: %.200s is larger than %lld bytes", what,
                              file->path, (long long)maximum);
    }
    return 0;
}

static int not_there(const struct rb_apt_release *release, const char *component,
                     const char *architecture, const char *what, struct rb_err *err)
{
    const char *components = rb_apt_release_field(release, "Components");
    const char *architectures = rb_apt_release_field(release, "Architectures");
    return rb_err_set(err, RB_ENOTFOUND,
                      "%s has no packages of component \"%.60s\" for \"%.60s\" (it has components "
                      "%.200s; architectures %.200s)",
                      what, component, architecture, components == NULL ? "-" : components,
                      architectures == NULL ? "-" : architectures);
}

/* Debian says "No-Support-for-Architecture-all: Packages": its packages of "all" are in the index
   of each architecture. Others keep them apart, or do both. */
static bool keeps_all_apart(const struct rb_apt_release *release)
{
    return field_has_word(release, "Architectures", "all") &&
           !field_has_word(release, "No-Support-for-Architecture-all", "Packages");
}

int rb_apt_choose(const struct rb_apt_release *release, const char *const *components,
                  const char *const *architectures, const char *what,
                  struct rb_apt_index **ret_indexes, size_t *ret_count, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist wanted = {0};
    rb_strlist_add_all(&wanted, architectures);
    if (keeps_all_apart(release) && !rb_strlist_contains(&wanted, "all"))
        rb_strlist_add(&wanted, "all");
    size_t count = 0, component_count = 0;
    while (components[component_count] != NULL)
        component_count++;
    RB_CLEANUP_FREE struct rb_apt_index *indexes =
        rb_calloc(component_count * wanted.count, sizeof(*indexes));
    for (size_t i = 0; i < component_count * wanted.count; i++) {
        const char *component = components[i / wanted.count];
        const char *architecture = wanted.items[i % wanted.count];
        struct rb_apt_index index = find_index(release, component, architecture);
        if (index.form_count == 0 && strcmp(architecture, "all") == 0)
            continue;
        if (index.form_count == 0)
            return not_there(release, component, architecture, what, err);
        int status = judge_sizes(&index, what, err);
        if (status != 0)
            return status;
        indexes[count++] = index;
    }
    *ret_indexes = rb_steal(&indexes);
    *ret_count = count;
    return 0;
}

char *rb_apt_file_address(const struct rb_apt_file *file, bool by_hash)
{
    const char *slash = strrchr(file->path, '/');
    if (!by_hash)
        return rb_strdup(file->path);
    return rb_asprintf("%.*sby-hash/SHA256/%s", slash == NULL ? 0 : (int)(slash + 1 - file->path),
                       file->path, file->sha256);
}
