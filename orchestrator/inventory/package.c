/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/package.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { PURL_MAX = 1 << 20 };

void rb_inventory_init(struct rb_inventory *inventory)
{
    *inventory = (struct rb_inventory){
        .arena = rb_arena_new(),
        .distribution = "",
        .distribution_version = "",
        .codename = "",
        .pretty_name = "",
        .architecture = "",
    };
}

void rb_inventory_deinit(struct rb_inventory *inventory)
{
    rb_arena_free(inventory->arena);
    *inventory = (struct rb_inventory){0};
}

static int compare_identity(const struct rb_package *a, const struct rb_package *b)
{
    int difference = strcmp(a->name, b->name);
    return difference != 0 ? difference : strcmp(a->architecture, b->architecture);
}

static int compare_packages(const void *left, const void *right)
{
    const struct rb_package *a = left, *b = right;
    int difference = compare_identity(a, b);
    return difference != 0 ? difference : strcmp(a->version, b->version);
}

static size_t drop_repeated(struct rb_package *packages, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_packages(&packages[kept - 1], &packages[i]) == 0)
            packages[kept - 1].held |= packages[i].held;
        else
            packages[kept++] = packages[i];
    }
    return kept;
}

/* dpkg is itself a package of the native architecture. An image without it (status.d) is of the
   architecture that most of its packages have, found by Boyer and Moore's vote. */
static const char *guess_architecture(const struct rb_inventory *inventory)
{
    const struct rb_package *dpkg = rb_inventory_find(inventory, "dpkg", NULL);
    if (dpkg != NULL && !rb_text_equal(dpkg->architecture, "all"))
        return dpkg->architecture;
    const char *leader = "";
    size_t lead = 0;
    for (size_t i = 0; i < inventory->package_count; i++) {
        const char *architecture = inventory->packages[i].architecture;
        if (rb_text_equal(architecture, "all"))
            continue;
        if (lead == 0)
            leader = architecture;
        if (rb_text_equal(architecture, leader))
            lead++;
        else
            lead--;
    }
    return leader;
}

void rb_inventory_sort(struct rb_inventory *inventory)
{
    if (inventory->package_count > 0)
        qsort(inventory->packages, inventory->package_count, sizeof(inventory->packages[0]),
              compare_packages);
    inventory->package_count = drop_repeated(inventory->packages, inventory->package_count);
    if (*inventory->architecture == '\0')
        inventory->architecture = guess_architecture(inventory);
}

const struct rb_package *rb_inventory_find(const struct rb_inventory *inventory, const char *name,
                                           const char *architecture)
{
    size_t low = 0, high = inventory->package_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(inventory->packages[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < inventory->package_count; low++) {
        const struct rb_package *package = &inventory->packages[low];
        if (strcmp(package->name, name) != 0)
            return NULL;
        if (architecture == NULL || strcmp(package->architecture, architecture) == 0)
            return package;
    }
    return NULL;
}

/* purl-spec, "Character encoding": all but these are written as %XX. */
static void append_encoded(struct rb_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_' || c == '~';
        if (plain)
            rb_strbuf_putc(out, (char)c);
        else
            rb_strbuf_printf(out, "%%%02X", c);
    }
}

char *rb_package_purl(const struct rb_inventory *inventory, const struct rb_package *package)
{
    struct rb_strbuf purl = RB_STRBUF_INIT(PURL_MAX);
    rb_strbuf_puts(&purl, "pkg:deb/");
    if (*inventory->distribution != '\0') {
        append_encoded(&purl, inventory->distribution);
        rb_strbuf_putc(&purl, '/');
    }
    append_encoded(&purl, package->name);
    rb_strbuf_putc(&purl, '@');
    append_encoded(&purl, package->version);
    rb_strbuf_puts(&purl, "?arch=");
    append_encoded(&purl, package->architecture);
    const char *release = *inventory->distribution_version != '\0' ? inventory->distribution_version
                                                                   : inventory->codename;
    if (*inventory->distribution != '\0' && *release != '\0') {
        rb_strbuf_puts(&purl, "&distro=");
        append_encoded(&purl, inventory->distribution);
        rb_strbuf_putc(&purl, '-');
        append_encoded(&purl, release);
    }
    return rb_strbuf_steal(&purl);
}
