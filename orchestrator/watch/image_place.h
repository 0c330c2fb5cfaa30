/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of an image goes by: where it asks and for what, and what was seen there before. */
#ifndef REBAKE_WATCH_IMAGE_PLACE_H
#define REBAKE_WATCH_IMAGE_PLACE_H

#include "cosign.h"
#include "rebake/net/reference.h"
#include "rebake/watch/tag_choice.h"
#include "rebake/watch/watch.h"

struct rb_image_plan {
    struct rb_reference *places; /* the mirrors, and last the image's own; without tag and digest */
    size_t place_count;
    char *tag; /* of tag, digest and choice one is there */
    char *digest;
    struct rb_tag_choice *choice;
    struct rb_platform platform; /* in platform_text, or static */
    char *platform_text;
    char *platform_shown;
    struct rb_cosign_keys *keys; /* NULL: no signature is asked for */
    char key_hash[RB_SHA256_HEX_SIZE];
};

/* RB_EINVALID for a source that cannot be read; *ret_trouble is OURS where its keys cannot. */
RB_NODISCARD int rb_image_plan_make(const struct rb_image_source *source,
                                    struct rb_image_plan *ret_plan, enum rb_trouble *ret_trouble,
                                    struct rb_err *err);
void rb_image_plan_deinit(struct rb_image_plan *plan);

/* What the last good check left. All NULL at first. */
struct rb_image_memory {
    char *tag;            /* with a policy: the newest */
    char *digest;         /* of what the tag names */
    char *manifest;       /* the version */
    char *key_hash;       /* of the keys that it is signed by */
    int64_t confirmed_at; /* when it was proven last, not only by a mirror's word */
    json_t *seen;         /* the digests before it */
};

void rb_image_memory_read(const json_t *memo, const char *known_version,
                          struct rb_image_memory *ret_memory);
void rb_image_memory_deinit(struct rb_image_memory *memory);
bool rb_image_memory_has(const struct rb_image_memory *memory, const char *digest);

/* The memo of a check that found this, where `known` was before: {"digest"}, with a policy "tag",
   with keys "key", with mirrors "seen" and "confirmedAt". The caller drops the reference. */
json_t *rb_image_memo(const struct rb_image_plan *plan, const struct rb_image_memory *known,
                      const char *tag, const char *digest, int64_t confirmed_at);

#endif
