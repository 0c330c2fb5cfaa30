/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's database: what it says is on disk. */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/deb822.h"
#include "rebake/inventory/package.h"
#include "rebake/inventory/version.h"
#include "source_field.h"

enum field { PACKAGE, STATUS, ARCHITECTURE, VERSION, SOURCE };
static const char *const field_names[] = {
    [PACKAGE] = "Package", [STATUS] = "Status", [ARCHITECTURE] = "Architecture",
    [VERSION] = "Version", [SOURCE] = "Source", NULL,
};

struct reading {
    struct rb_inventory *inventory;
    bool is_status_d;
};

/* "hold ok installed": what is wanted, whether dpkg lost track, and the state it is in. */
static bool is_on_disk(const char *status)
{
    if (status == NULL)
        return false;
    const char *state = strrchr(status, ' ');
    return state != NULL && !rb_text_equal(state + 1, "not-installed") &&
           !rb_text_equal(state + 1, "config-files");
}

static int want(const struct rb_deb822_stanza *stanza, enum field field, struct rb_err *err)
{
    if (!rb_text_is_empty(stanza->values[field]))
        return 0;
    const char *package = stanza->values[PACKAGE];
    return rb_err_set(err, RB_EINVALID, "package %s has no %s field",
                      package == NULL ? "without a name" : package, field_names[field]);
}

static int take_stanza(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    const struct reading *reading = context;
    const char *const *values = stanza->values;
    int status = want(stanza, PACKAGE, err);
    if (status != 0)
        return status;
    if (!reading->is_status_d && !is_on_disk(values[STATUS]))
        return 0;
    if ((status = want(stanza, VERSION, err)) != 0 ||
        (status = want(stanza, ARCHITECTURE, err)) != 0)
        return status;
    if (!rb_version_is_deb(values[VERSION]))
        return rb_err_set(err, RB_EINVALID, "package %s: \"%s\" is not a version", values[PACKAGE],
                          values[VERSION]);

    struct rb_source_field source =
        rb_source_field_split(values[SOURCE], values[PACKAGE], values[VERSION]);
    RB_CLEANUP_FREE char *source_name = rb_strndup(source.name, source.name_size);
    RB_CLEANUP_FREE char *source_version = rb_strndup(source.version, source.version_size);
    struct rb_package package = {
        .type = RB_PACKAGE_DEB,
        .name = values[PACKAGE],
        .architecture = values[ARCHITECTURE],
        .version = values[VERSION],
        .source_name = source_name,
        .source_version = source_version,
        .held = values[STATUS] != NULL && rb_text_starts_with(values[STATUS], "hold "),
    };
    rb_inventory_add(reading->inventory, &package);
    return 0;
}

int rb_inventory_add_dpkg(struct rb_inventory *inventory, const char *data, size_t size,
                          bool is_status_d, const char *what, struct rb_err *err)
{
    struct reading reading = {.inventory = inventory, .is_status_d = is_status_d};
    struct rb_deb822_options options = {
        .names = field_names,
        .stanza = take_stanza,
        .context = &reading,
    };
    return rb_deb822_read(&options, data, size, what, err);
}
