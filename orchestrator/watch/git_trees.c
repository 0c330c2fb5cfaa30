/* SPDX-License-Identifier: Apache-2.0 */
#include "git_trees.h"

bool rb_git_trees_take(const json_t *known, const json_t *paths, json_t *trees)
{
    size_t i;
    const json_t *path;
    json_array_foreach(paths, i, path)
    {
        if (json_object_get(known, json_string_value(path)) == NULL)
            return false;
    }
    json_array_foreach(paths, i, path)
    {
        const char *text = json_string_value(path);
        rb_json_set(trees, text, json_incref(json_object_get(known, text)));
    }
    return true;
}
