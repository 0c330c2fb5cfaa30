/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan_parts.h"
#include "rebake/base/memory.h"

/* Each field with its NUL, and with a mark before it that tells "not known" from "empty": no two
   lists of fields give the same bytes. */
static void add_field(struct rb_sha256 *hash, const char *text)
{
    rb_sha256_update(hash, text == NULL ? "-" : "+", 1);
    if (text != NULL)
        rb_sha256_update(hash, text, strlen(text) + 1);
}

/* The installed version is not an input: what counts is what a build would find. */
void plan_input_key(const struct rb_plan_image *image, const char *base_digest,
                    struct rb_sha256 *hash, char *key)
{
    rb_sha256_restart(hash);
    add_field(hash, image->now.recipe);
    add_field(hash, base_digest);
    add_field(hash, image->now.tree);
    for (size_t i = 0; i < image->update_count; i++) {
        add_field(hash, image->updates[i].package);
        add_field(hash, image->updates[i].to);
    }
    rb_sha256_hex(hash, key);
}
