/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a repository's tags is the newest that counts: its list, read page by page (OCI
   distribution spec v1.1, "Listing Tags"), of which only the best is kept. */
#ifndef REBAKE_WATCH_IMAGE_TAGS_H
#define REBAKE_WATCH_IMAGE_TAGS_H

#include "rebake/net/document.h"
#include "rebake/watch/tag_choice.h"

struct rb_image_tags {
    const char *best; /* NULL where no tag counts */
    size_t count;     /* how many tags there are */
    struct rb_http_cost cost;
};

/* error is NULL on success; on failure only the last two of tags are set. Borrowed. */
typedef void rb_image_tags_cb(void *context, const struct rb_image_tags *tags,
                              const struct rb_err *error);

struct rb_image_tags_read;
/* choice must outlive the reading. */
void rb_image_tags_start(struct rb_registry *registry, const struct rb_reference *reference,
                         const struct rb_tag_choice *choice, rb_image_tags_cb *done, void *context,
                         struct rb_image_tags_read **ret_read);
void rb_image_tags_cancel(struct rb_image_tags_read *reading); /* done will not come */

/* The names of one page, {"name","tags":[…] or null}; the caller drops the reference. RB_EINVALID
   for what is none. */
RB_NODISCARD int rb_image_tags_page(const char *data, size_t size, const char *what,
                                    json_t **ret_names, struct rb_err *err);

#endif
