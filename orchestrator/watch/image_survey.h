/* SPDX-License-Identifier: Apache-2.0 */
/* What one registry says of an image: of a tag, of the newest of its tags, or of a digest. */
#ifndef REBAKE_WATCH_IMAGE_SURVEY_H
#define REBAKE_WATCH_IMAGE_SURVEY_H

#include <stdbool.h>

#include "image_tags.h"
#include "rebake/net/registry.h"

struct rb_survey_request {
    const struct rb_reference *place;   /* the registry and repository that are asked */
    const char *tag;                    /* what is followed there: this, */
    const char *digest;                 /* or this, */
    const struct rb_tag_choice *choice; /* or the newest by this, which must outlive the survey */
    const struct rb_platform *platform;
    const char *known_digest; /* the last answer, or NULL */
    const char *known_tag;    /* with choice: an older one is refused; or NULL */
};

struct rb_survey {
    const char *tag; /* NULL for a digest */
    char digest[RB_DIGEST_SIZE];
    char manifest_digest[RB_DIGEST_SIZE]; /* "" where digest is the known one */
    bool moved;                           /* the place lives elsewhere, for ever */
    bool backwards; /* why it failed: the newest tag is older than known_tag */
    struct rb_http_cost cost;
};

/* error is NULL on success; on failure only the last three of survey are set. Borrowed. */
typedef void rb_survey_cb(void *context, const struct rb_survey *survey,
                          const struct rb_err *error);

struct rb_survey_run;
void rb_survey_start(struct rb_registry *registry, const struct rb_survey_request *request,
                     rb_survey_cb *done, void *context, struct rb_survey_run **ret_run);
void rb_survey_cancel(struct rb_survey_run *run); /* done will not come */

#endif
