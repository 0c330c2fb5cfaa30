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

/* "4" of "4.1.2", "0.3" of "0.3.1", "1!2" of "1!2.0". */
static size_t line_size(const char *version)
{
    static const char DIGITS[] = "0123456789";
    size_t size = strspn(version, "0123456789!");
    if (size == 1 && version[0] == '0' && version[1] == '.')
        size += 1 + strspn(version + 2, DIGITS);
    return size;
}

static bool is_of_line(const struct rb_package *package, const char *version)
{
    size_t size = line_size(package->version);
    return size == line_size(version) && memcmp(package->version, version, size) == 0;
}

/* newest: the best that was offered so far, or NULL. */
static bool is_better(const struct rb_package *package, const char *offered, const char *newest)
{
    const struct rb_version_order *order = rb_package_type_order(package->type);
    if (order->compare(offered, package->version) <= 0)
        return false;
    if (order->is_prerelease != NULL && order->is_prerelease(offered))
        return false;
    if (newest != NULL && !rb_package_type_is_distribution(package->type) &&
        is_of_line(package, offered) != is_of_line(package, newest))
        return is_of_line(package, offered);
    return newest == NULL || order->compare(offered, newest) > 0;
}

const char *newest_offer(const struct rb_inventory *inventory, const struct rb_package *package,
                         const struct rb_repository *repositories, size_t count,
                         const struct rb_repository **ret_repository)
{
    const char *newest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t first;
        if (repositories[i].type != package->type)
            continue;
        size_t offers = rb_index_find_package(repositories[i].index, package, &first);
        for (size_t at = first; at < first + offers; at++) {
            struct rb_offer offer;
            rb_index_get(repositories[i].index, at, &offer);
            if (is_compatible(inventory, package->architecture, offer.architecture) &&
                is_better(package, offer.version, newest)) {
                newest = offer.version;
                *ret_repository = &repositories[i];
            }
        }
    }
    return newest != NULL && is_newest_installed(inventory, package) ? newest : NULL;
}
