/* SPDX-License-Identifier: Apache-2.0 */
#include "newest.h"

#include <string.h>

#include "rebake/base/text.h"

static const char NOARCH[] = "noarch";

/* Can a package of one architecture follow one of the other? */
static bool is_compatible(const struct rb_inventory *inventory, const char *installed,
                          const char *offered)
{
    return rb_text_equal(installed, offered) || rb_text_equal(offered, NOARCH) ||
           (rb_text_equal(installed, NOARCH) && rb_text_equal(offered, inventory->architecture));
}

static bool is_newest_installed(const struct rb_inventory *inventory,
                                const struct rb_package *package)
{
    const struct rb_version_order *order = rb_package_type_order(package->type);
    const struct rb_package *other =
        rb_inventory_find(inventory, package->type, package->name, NULL);
    const struct rb_package *end = inventory->packages + inventory->package_count;
    for (; other < end && other->type == package->type && strcmp(other->name, package->name) == 0;
         other++) {
        if (is_compatible(inventory, package->architecture, other->architecture) &&
            order->compare(other->version, package->version) > 0)
            return false;
    }
    return true;
}

const char *newest_offer(const struct rb_inventory *inventory, const struct rb_package *package,
                         const struct rb_repository *repositories, size_t count,
                         const struct rb_repository **ret_repository)
{
    const struct rb_version_order *order = rb_package_type_order(package->type);
    const char *newest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t first;
        if (repositories[i].type != package->type)
            continue;
        size_t offers = rb_index_find(repositories[i].index, package->name, &first);
        for (size_t at = first; at < first + offers; at++) {
            struct rb_offer offer;
            rb_index_get(repositories[i].index, at, &offer);
            if (is_compatible(inventory, package->architecture, offer.architecture) &&
                order->compare(offer.version, newest == NULL ? package->version : newest) > 0) {
                newest = offer.version;
                *ret_repository = &repositories[i];
            }
        }
    }
    return newest != NULL && is_newest_installed(inventory, package) ? newest : NULL;
}
