/* SPDX-License-Identifier: Apache-2.0 */
/* A word of a Containerfile: quotes taken off, variables put in (Dockerfile reference, "Environment
   replacement"): $NAME, ${NAME}, ${NAME:-word}, ${NAME:+word}. */
#ifndef REBAKE_BUILD_RECIPE_WORD_H
#define REBAKE_BUILD_RECIPE_WORD_H

#include <stddef.h>

#include "rebake/base/err.h"

struct recipe_variable {
    const char *name;
    const char *value;
};

/* The caller frees *ret_text. A variable that is not there gives "". RB_EINVALID for a form that is
   none of the above, RB_ELIMIT for a result of more than 4 KiB. */
RB_NODISCARD int recipe_word_expand(const char *word, char escape,
                                    const struct recipe_variable *variables, size_t count,
                                    char **ret_text, struct rb_err *err);

#endif
