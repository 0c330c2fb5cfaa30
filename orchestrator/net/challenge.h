/* SPDX-License-Identifier: Apache-2.0 */
/* What a server asks for in WWW-Authenticate (RFC 9110 sections 11.2, 11.3 and 11.6.1). */
#ifndef REBAKE_NET_CHALLENGE_H
#define REBAKE_NET_CHALLENGE_H

#include <stddef.h>

#include "rebake/base/arena.h"
#include "rebake/base/err.h"

enum { RB_CHALLENGES_MAXIMUM = 8, RB_CHALLENGE_PARAMETERS_MAXIMUM = 16 };

struct rb_challenge {
    const char *scheme;  /* "Bearer", as written */
    const char *token68; /* NULL unless the challenge is one of these instead of parameters */
    size_t parameter_count;
    struct {
        const char *name;
        const char *value; /* unquoted */
    } parameters[RB_CHALLENGE_PARAMETERS_MAXIMUM];
};

struct rb_challenges {
    size_t count;
    struct rb_challenge items[RB_CHALLENGES_MAXIMUM];
};

/* Adds the challenges of one header field to challenges; their text is put into the arena.
   RB_EINVALID when the field does not follow the grammar, RB_ELIMIT when it holds too many. */
RB_NODISCARD int rb_challenges_parse(struct rb_arena *arena, const char *field,
                                     struct rb_challenges *challenges, struct rb_err *err);
/* The first of the scheme (in any case), or NULL. */
const struct rb_challenge *rb_challenges_find(const struct rb_challenges *challenges,
                                              const char *scheme);
/* A parameter's value (name in any case), or NULL. */
const char *rb_challenge_get(const struct rb_challenge *challenge, const char *name);

#endif
