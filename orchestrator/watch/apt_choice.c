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

/* What a byte costs, on its way and to unpack, in sixteenths of a plain one. The way counts for
   more: it is others' too. */
static const struct form {
    const char *suffix;
    int64_t weight;
} FORMS[RB_APT_COMPRESSIONS] = {{"", 16}, {".zst", 16}, {".gz", 17}, {".xz", 18}, {".bz2", 20}};

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

static int64_t cost_of(const struct rb_apt_file *file, const struct form *form)
{
    return file->size_bytes > PLAIN_MAXIMUM ? INT64_MAX : file->size_bytes * form->weight;
}

/* Puts a form behind those that cost no more. */
static void add_form(struct rb_apt_index *index, const struct rb_apt_file *file, int64_t cost,
                     int64_t *costs)
{
    size_t at = index->form_count++;
    for (; at > 0 && costs[at - 1] > cost; at--) {
        costs[at] = costs[at - 1];
        index->forms[at] = index->forms[at - 1];
    }
    costs[at] = cost;
    index->forms[at] = file;
}

/* folder: with a '/' at its end; "" for that of the Release file, which some write as "./". */
static struct rb_apt_index find_index(const struct rb_apt_release *release, const char *folder)
{
    struct rb_apt_index index = {0};
    int64_t costs[RB_APT_COMPRESSIONS];
    for (size_t i = 0; i < RB_APT_COMPRESSIONS; i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("./%sPackages%s", folder, FORMS[i].suffix);
        const struct rb_apt_file *file = rb_apt_release_file(release, path + strlen("./"));
        if (file == NULL && *folder == '\0')
            file = rb_apt_release_file(release, path);
        if (file == NULL)
            continue;
        add_form(&index, file, cost_of(file, &FORMS[i]), costs);
        if (*FORMS[i].suffix == '\0')
            index.plain = file;
    }
    return index;
}

static bool is_empty(const struct rb_apt_index *index)
{
    return index->plain != NULL && index->plain->size_bytes == 0;
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

static int choose_flat(const struct rb_apt_release *release, const char *what,
                       struct rb_apt_index **ret_indexes, size_t *ret_count, struct rb_err *err)
{
    struct rb_apt_index index = find_index(release, "");
    if (index.form_count == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s lists no Packages file beside it", what);
    int status = judge_sizes(&index, what, err);
    if (status != 0)
        return status;
    *ret_indexes = rb_alloc(sizeof(index));
    **ret_indexes = index;
    *ret_count = is_empty(&index) ? 0 : 1;
    return 0;
}

int rb_apt_choose(const struct rb_apt_release *release, const char *const *components,
                  const char *const *architectures, const char *what,
                  struct rb_apt_index **ret_indexes, size_t *ret_count, struct rb_err *err)
{
    if (components[0] == NULL)
        return choose_flat(release, what, ret_indexes, ret_count, err);
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
        RB_CLEANUP_FREE char *folder = rb_asprintf("%s/binary-%s/", component, architecture);
        struct rb_apt_index index = find_index(release, folder);
        if (index.form_count == 0 && strcmp(architecture, "all") == 0)
            continue;
        if (index.form_count == 0)
            return not_there(release, component, architecture, what, err);
        int status = judge_sizes(&index, what, err);
        if (status != 0)
            return status;
        if (!is_empty(&index))
            indexes[count++] = index;
    }
    *ret_indexes = rb_steal(&indexes);
    *ret_count = count;
    return 0;
}

const char *rb_apt_index_key(const struct rb_apt_index *index)
{
    return index->plain != NULL ? index->plain->sha256 : index->forms[0]->sha256;
}

char *rb_apt_file_address(const struct rb_apt_file *file, bool by_hash)
{
    const char *slash = strrchr(file->path, '/');
    if (!by_hash)
        return rb_strdup(file->path);
    return rb_asprintf("%.*sby-hash/SHA256/%s", slash == NULL ? 0 : (int)(slash + 1 - file->path),
                       file->path, file->sha256);
}
