/* SPDX-License-Identifier: Apache-2.0 */
/* An image as its registry has it. */
#ifndef REBAKE_BUILD_PUBLISHED_H
#define REBAKE_BUILD_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/digest.h"
#include "rebake/net/session.h"

struct published {
    char digest[RB_DIGEST_SIZE]; /* of its manifest */
    char id[RB_DIGEST_SIZE];     /* of its configuration */
    int64_t size_bytes;          /* the configuration and the layers as they are stored */
};

/* What reference (registry/name:tag or @digest) names: *ret_found is false when nothing does. */
RB_NODISCARD int published_look(struct rb_net_session *session, const char *reference,
                                struct published *ret_published, bool *ret_found,
                                struct rb_err *err);

#endif
