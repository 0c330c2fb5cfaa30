/* SPDX-License-Identifier: Apache-2.0 */
/* The spec of a build (docs/reference/job.md), checked. */
#ifndef REBAKE_BUILD_BUILD_SPEC_H
#define REBAKE_BUILD_BUILD_SPEC_H

#include <stdbool.h>

#include "checkout.h"
#include "rebake/base/json.h"

/* All text is borrowed from the spec. */
struct build_spec {
    const char *image;
    const char *from;
    const char *from_tag; /* or NULL */
    const char *recipe_file;
    const char *push;
    const char *base_reference;
    const char *base_digest;
    struct checkout_request code;
    const json_t *arguments;    /* object of text, or NULL */
    const json_t *repositories; /* array, or NULL */
    bool is_trial;              /* only to see whether it builds: it goes nowhere */
    bool layer_cache;
    const char *known_layers; /* folder in which the scan keeps what it saw; or NULL */
};

RB_NODISCARD int build_spec_read(const json_t *json, struct build_spec *ret_spec,
                                 struct rb_err *err);

#endif
